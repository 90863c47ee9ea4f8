"""holds, conflicts, an organization's mappings; series and shared meetings in pairs"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0002'
down_revision = '0001'

PAIR_COLUMNS = (('role', 10), ('mailbox_seen', 64), ('mailbox_seen_next', 64), ('series', 512))


def upgrade() -> None:
    op.create_table('mapping',
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('rows', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('changed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_mapping_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'kind', name=op.f('pk_mapping'))
    )
    op.create_table('conflict',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('field', sa.String(length=80), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('baseline', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('resolution', sa.String(length=10), nullable=False),
    sa.Column('resolved_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.String(length=120), nullable=False),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_conflict_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conflict'))
    )
    op.create_index('uq_conflict_one_open', 'conflict', ['user_id', 'key', 'field'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=True),
    sa.Column('guard', sa.String(length=20), nullable=False),
    sa.Column('lines', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('changes', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('opened_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decision', sa.String(length=10), nullable=False),
    sa.Column('decided_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_hold_run_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_hold_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold'))
    )
    op.create_index('ix_hold_open', 'hold', ['user_id', 'closed_at'], unique=False)
    op.create_index('uq_hold_one_waiting', 'hold', ['user_id', 'guard'], unique=True, sqlite_where=sa.text('decided_at IS NULL'), postgresql_where=sa.text('decided_at IS NULL'))

    # Columns come one by one and not by copying the table: on SQLite that would drop it, and whatever hangs on it.
    op.add_column('app_user', sa.Column('held_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True))
    for name, length in PAIR_COLUMNS:
        # the default is for rows that are there, and for workers of the version before that still write
        op.add_column('pair', sa.Column(name, sa.String(length=length), nullable=False, server_default=''))
    op.create_index('ix_pair_series', 'pair', ['user_id', 'series'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_pair_series', 'pair')
    for name, _ in reversed(PAIR_COLUMNS):
        op.drop_column('pair', name)
    op.drop_column('app_user', 'held_at')
    for table in ('hold', 'conflict', 'mapping'):
        op.drop_table(table)
