"""issues and retries by kind: one record may be mirrored as what it is, and be shown as something else"""

from alembic import op
import sqlalchemy as sa

revision = '0020'
down_revision = '0008'

# Nothing refers to these two tables, so on SQLite they may be copied.
WIDE, NARROW = ['user_id', 'side', 'kind', 'ref'], ['user_id', 'side', 'ref']


def upgrade() -> None:
    with op.batch_alter_table('issue') as batch:
        batch.drop_constraint('uq_issue_user_id_side_ref_code', type_='unique')
        batch.create_unique_constraint('uq_issue_user_id_side_kind_ref_code', [*WIDE, 'code'])
    with op.batch_alter_table('item_retry') as batch:
        batch.drop_constraint('pk_item_retry', type_='primary')
        batch.create_primary_key('pk_item_retry', WIDE)


def downgrade() -> None:
    # of what the older version takes for one and the same the first kind is kept; runs tell the rest again
    op.execute(sa.text(
        'DELETE FROM issue WHERE EXISTS (SELECT 1 FROM issue AS other WHERE other.user_id = issue.user_id '
        'AND other.side = issue.side AND other.ref = issue.ref AND other.code = issue.code AND other.kind < issue.kind)'
    ))
    op.execute(sa.text(
        'DELETE FROM item_retry WHERE EXISTS (SELECT 1 FROM item_retry AS other WHERE other.user_id = item_retry.user_id '
        'AND other.side = item_retry.side AND other.ref = item_retry.ref AND other.kind < item_retry.kind)'
    ))
    with op.batch_alter_table('item_retry') as batch:
        batch.drop_constraint('pk_item_retry', type_='primary')
        batch.create_primary_key('pk_item_retry', NARROW)
    with op.batch_alter_table('issue') as batch:
        batch.drop_constraint('uq_issue_user_id_side_kind_ref_code', type_='unique')
        batch.create_unique_constraint('uq_issue_user_id_side_ref_code', [*NARROW, 'code'])
