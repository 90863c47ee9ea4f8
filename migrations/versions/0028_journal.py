"""before-images of runs; runs and holds that undo another run"""

from alembic import op
import sqlalchemy as sa

from sync_tasks.state.types import UtcDateTime

revision = '0028'
down_revision = '0027'

WAITING = sa.text('decided_at IS NULL')


def upgrade() -> None:
    op.create_table(
        'journal',
        sa.Column('run_id', sa.Integer(), sa.ForeignKey('sync_run.id', name='fk_journal_run_id', ondelete='CASCADE'), nullable=False),
        sa.Column('user_id', sa.Integer(), sa.ForeignKey('app_user.id', name='fk_journal_user_id', ondelete='CASCADE'), nullable=False),
        sa.Column('key', sa.LargeBinary(), nullable=True),
        sa.Column('expires_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('run_id', name='pk_journal'),
    )
    op.create_index('ix_journal_expires', 'journal', ['expires_at'])
    op.create_table(
        'before_image',
        sa.Column('run_id', sa.Integer(), sa.ForeignKey('journal.run_id', name='fk_before_image_run_id', ondelete='CASCADE'), nullable=False),
        sa.Column('op_id', sa.String(24), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('version', sa.String(200), nullable=False),
        sa.Column('made', sa.Boolean(), nullable=False),
        sa.Column('undone_at', UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint('run_id', 'op_id', name='pk_before_image'),
    )
    op.add_column('sync_run', sa.Column('undoes', sa.Integer(), server_default='0', nullable=False))
    op.add_column('hold', sa.Column('undoes', sa.Integer(), server_default='0', nullable=False))
    op.drop_index('uq_hold_one_waiting', 'hold')
    op.create_index('uq_hold_one_waiting', 'hold', ['user_id', 'guard', 'undoes'], unique=True,
                    sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    op.execute(sa.text('DELETE FROM hold WHERE undoes <> 0'))
    op.drop_index('uq_hold_one_waiting', 'hold')
    op.create_index('uq_hold_one_waiting', 'hold', ['user_id', 'guard'], unique=True,
                    sqlite_where=WAITING, postgresql_where=WAITING)
    op.drop_column('hold', 'undoes')
    op.drop_column('sync_run', 'undoes')
    op.drop_table('before_image')
    op.drop_table('journal')
