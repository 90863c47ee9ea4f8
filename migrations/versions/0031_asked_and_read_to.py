"""runs that people asked for, and up to when both sides were read to the end"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import UtcDateTime

revision = '0031'
down_revision = '0030'


def upgrade() -> None:
    op.add_column('sync_run', sa.Column('asked', sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column('app_user', sa.Column('asked', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('app_user', sa.Column('mailbox_read_to', UtcDateTime(), nullable=True))
    op.add_column('app_user', sa.Column('crm_read_to', UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column('app_user', 'crm_read_to')
    op.drop_column('app_user', 'mailbox_read_to')
    op.drop_column('app_user', 'asked')
    op.drop_column('sync_run', 'asked')
