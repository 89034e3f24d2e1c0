create table wardkeep.aggregate_agreement (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  aggregate text not null,
  -- What was agreed to. Other figures of the same name need another word.
  definition jsonb not null,
  agreed_by text not null,
  agreed_as text not null,
  agreed_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_by text,
  end_reason text check (btrim(end_reason) <> ''),
  check (num_nulls(ended_at, ended_by, end_reason) in (0, 3))
);
create unique index aggregate_agreement_once on wardkeep.aggregate_agreement (tenant, aggregate) where ended_at is null;
comment on table wardkeep.aggregate_agreement is 'Which clinic agreed that which figures count it, who said so, and how it ended.';

-- A table's month is released once, whatever the figures are called then: two releases of the same rows could be subtracted.
create table wardkeep.aggregate_release (
  id uuid primary key default gen_random_uuid(),
  aggregate text not null,
  relation text not null,
  month date not null,
  definition jsonb not null,
  released_by text not null,
  released_at timestamptz not null default clock_timestamp(),
  unique (relation, month)
);
comment on table wardkeep.aggregate_release is 'Months whose figures were published, under which rules.';

create table wardkeep.aggregate_figure (
  release uuid not null references wardkeep.aggregate_release,
  -- Empty: all of the month.
  cell text not null,
  -- Null: suppressed.
  value numeric,
  primary key (release, cell)
);
comment on table wardkeep.aggregate_figure is 'What the vendor may read: rounded figures over clinics, null where one is suppressed.';

create table wardkeep.aggregate_contribution (
  relation text not null,
  month date not null,
  tenant text not null,
  cell text not null,
  aggregate text not null,
  agreement uuid not null references wardkeep.aggregate_agreement,
  persons bigint not null,
  value numeric not null,
  -- The largest part of it that is of one person, without its sign.
  largest numeric not null,
  counted_at timestamptz not null default clock_timestamp(),
  -- Null: not released yet, and gone when the clinic withdraws.
  release uuid references wardkeep.aggregate_release,
  primary key (relation, month, tenant, cell)
);
create index aggregate_contribution_tenant on wardkeep.aggregate_contribution (tenant, aggregate);
comment on table wardkeep.aggregate_contribution is 'What one clinic adds to a figure. Read by the release and by that clinic, by nobody else.';

alter table wardkeep.aggregate_agreement enable row level security;
alter table wardkeep.aggregate_release enable row level security;
alter table wardkeep.aggregate_figure enable row level security;
alter table wardkeep.aggregate_contribution enable row level security;
