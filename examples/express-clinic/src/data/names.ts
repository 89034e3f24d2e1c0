import type { Random } from "./random.js"

export type Sex = "female" | "male" | "other"

interface Community {
  readonly female: readonly string[]
  readonly male: readonly string[]
  readonly family: readonly string[]
}

const list = (text: string): readonly string[] => text.split(" ")

const community = (female: string, male: string, family: string): Community => ({
  female: list(female),
  male: list(male),
  family: list(family),
})

const marathi = community(
  "Anjali Ashwini Vaishali Sunita Manisha Pallavi Snehal Rutuja Shubhangi Mrunal Aparna Supriya Kavita Sayali",
  "Sachin Nilesh Ganesh Sandeep Prasad Tejas Omkar Vinayak Mahesh Rohit Aniket Shreyas Kiran Bhushan",
  "Kulkarni Deshpande Patil Jadhav Shinde Pawar Gaikwad Joshi Bhosale More Chavan Kale Sawant Deshmukh",
)
const gujarati = community(
  "Hetal Bhavna Jignasa Komal Nidhi Dipti Falguni Kinjal Urvashi Mittal Heena Riddhi",
  "Hardik Jignesh Bhavesh Ketan Mehul Chirag Nirav Parth Darshan Vipul Hitesh Jayesh",
  "Patel Shah Mehta Desai Trivedi Parmar Solanki Bhatt Rathod Chauhan Vyas Modi",
)
const hindi = community(
  "Pooja Neha Priyanka Rekha Shalini Archana Ritu Sangeeta Kiran Meera Nisha Kusum Savitri Anita",
  "Rahul Amit Vikas Rakesh Deepak Manoj Ashok Sanjay Vivek Alok Ramesh Pankaj Shyam Devendra",
  "Sharma Verma Gupta Mishra Tiwari Singh Yadav Pandey Srivastava Agarwal Dubey Saxena Chaudhary Tripathi",
)
const urdu = community(
  "Ayesha Fatima Zainab Shabnam Nasreen Rukhsana Farzana Sana Mehjabeen Shaheen",
  "Imran Salman Farhan Irfan Aslam Zubair Naeem Tariq Wasim Rashid",
  "Khan Shaikh Ansari Qureshi Siddiqui Pathan Sayyed Mirza",
)
const tamil = community(
  "Lakshmi Kavitha Meenakshi Priya Divya Revathi Sangeetha Vasanthi Malathi Tamilselvi Yazhini Nandhini",
  "Karthik Murugan Senthil Arun Prabhu Suresh Vignesh Saravanan Ilango Balaji Dinesh Anbu",
  "Subramanian Krishnan Ramasamy Natarajan Palanisamy Rajendran Venkatesan Chandran Arumugam Sundaram",
)
const telugu = community(
  "Swathi Sirisha Padmaja Lavanya Anusha Madhavi Bhargavi Sravani Haritha Jyothi",
  "Venkatesh Srinivas Naveen Praveen Kishore Chaitanya Ravi Mahesh Sudheer Harish",
  "Reddy Rao Naidu Chowdary Varma Raju Prasad Yerramsetti Kommineni Gudipati",
)
const malayalam = community(
  "Anju Sreelakshmi Reshma Deepthi Sindhu Bindu Asha Remya Aswathy Jisha",
  "Vishnu Anoop Biju Rajeev Sreejith Manu Jithin Shibu Renjith Unni",
  "Nair Menon Pillai Kurup Varghese Thomas Mathew Namboothiri Panicker Kurian",
)
const kannada = community(
  "Shwetha Roopa Chaitra Suma Nagaveni Bhavya Ashwini Sahana Vidya Pushpa",
  "Manjunath Basavaraj Girish Raghavendra Prakash Shivakumar Lokesh Chethan Santosh Umesh",
  "Gowda Hegde Shetty Bhat Murthy Patil Hiremath Kamath Rao Acharya",
)
const bengali = community(
  "Moumita Sharmistha Debjani Sudeshna Ananya Paromita Rituparna Sohini Tanushree Madhumita Ishita",
  "Subhash Anirban Sourav Arindam Debashis Partha Subrata Tapas Kaushik Abhijit Joydeep",
  "Banerjee Chatterjee Mukherjee Ghosh Bose Das Sen Dutta Roy Sarkar Chakraborty Mondal",
)
const assamese = community(
  "Jonali Pallabi Barnali Rimpi Mitali Nayanmoni Dipanjali Kabita",
  "Bhaskar Pranjal Jitu Hemanta Nabajyoti Rupam Diganta Manash",
  "Bora Saikia Gogoi Kalita Deka Hazarika Baruah Phukan",
)
const punjabi = community(
  "Harpreet Gurleen Simran Manpreet Jasleen Kulwinder Amandeep Navneet",
  "Gurpreet Jaspreet Harjit Sukhwinder Paramjit Balwinder Ranjit Inderjit",
  "Kaur Gill Sidhu Sandhu Dhillon Grewal Bedi Ahluwalia",
)
/** Clinics type names in the script of the patient's papers, too. */
const devanagari = community("अंजली सुनीता मनीषा कविता", "सचिन गणेश महेश विनायक", "कुलकर्णी पाटील जाधव शिंदे जोशी")
const tamilScript = community("லட்சுமி கவிதா மீனாட்சி", "கார்த்திக் முருகன் செந்தில்", "சுப்பிரமணியன் கிருஷ்ணன் நடராஜன்")

/** Which names are heard in a waiting room of this region; the first is the commonest. */
export const regions = {
  west: [marathi, marathi, marathi, gujarati, hindi, urdu, devanagari],
  south: [tamil, tamil, tamil, telugu, malayalam, kannada, urdu, tamilScript],
  east: [bengali, bengali, bengali, assamese, hindi, urdu, punjabi],
} as const satisfies Record<string, readonly Community[]>

export type Region = keyof typeof regions

export function personName(random: Random, region: Region, sex: Sex): string {
  const from: Community = random.pick<Community>(regions[region])
  const given = sex === "male" || (sex === "other" && random.chance(0.5)) ? from.male : from.female
  const middle = random.chance(0.15) ? ` ${random.pick(from.male)}` : ""
  return `${random.pick(given)}${middle} ${random.pick(from.family)}`
}
