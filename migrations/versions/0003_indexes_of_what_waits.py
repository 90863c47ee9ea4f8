"""indexes of the few pairs that wait for their folder, or for the end of a run, among the many that rest"""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_index('ix_pair_unseen', 'pair', ['user_id'],
                    sqlite_where=sa.text('unseen IS 1'), postgresql_where=sa.text('unseen IS true'))
    waits = sa.text("crm_seen_next != '' OR mailbox_seen_next != ''")
    op.create_index('ix_pair_seen_next', 'pair', ['user_id'], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_index('ix_pair_seen_next', table_name='pair')
    op.drop_index('ix_pair_unseen', table_name='pair')
