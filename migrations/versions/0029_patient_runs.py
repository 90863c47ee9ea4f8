"""runs that let those of other organizations go first"""

from alembic import op
import sqlalchemy as sa

revision = '0029'
down_revision = '0028'


def upgrade() -> None:
    op.add_column('sync_run', sa.Column('patient', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('sync_run', 'patient')
