"""people whom Salesforce does not know wait for a person, or for somebody to enter them"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.create_table('unresolved',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('domain', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reasons', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('items', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('met', sa.Boolean(), nullable=False),
    sa.Column('first_seen', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('look_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('wish', sa.String(length=20), nullable=False),
    sa.Column('account_id', sa.String(length=18), nullable=False),
    sa.Column('decided_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_unresolved_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unresolved')),
    sa.UniqueConstraint('user_id', 'name', name=op.f('uq_unresolved_user_id_name'))
    )
    op.create_index('ix_unresolved_look', 'unresolved', ['user_id', 'closed_at', 'look_at'])


def downgrade() -> None:
    op.drop_index('ix_unresolved_look', table_name='unresolved')
    op.drop_table('unresolved')
