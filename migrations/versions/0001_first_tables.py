"""first tables"""

from alembic import op
import sqlalchemy as sa
import sync_tasks.state.types

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('admin_audit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=320), nullable=False),
    sa.Column('detail', sync_tasks.state.types.Json(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_admin_audit'))
    )
    op.create_table('organization',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('shape', sync_tasks.state.types.Json(), nullable=True),
    sa.Column('shape_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization')),
    sa.UniqueConstraint('name', name=op.f('uq_organization_name'))
    )
    op.create_table('app_user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=320), nullable=False),
    sa.Column('crm_user_id', sa.String(length=18), nullable=False),
    sa.Column('aliases', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('shard', sa.Integer(), nullable=False),
    sa.Column('activated_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('paused_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('suspended_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('suspended_code', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('next_sync_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_started_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('force_pending', sa.Boolean(), nullable=False),
    sa.Column('lease_token', sa.Integer(), nullable=False),
    sa.Column('lease_until', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_app_user_org_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_app_user')),
    sa.UniqueConstraint('org_id', 'address', name=op.f('uq_app_user_org_id_address'))
    )
    with op.batch_alter_table('app_user', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_app_user_address'), ['address'], unique=False)
        batch_op.create_index('ix_app_user_due', ['next_sync_at', 'lease_until'], unique=False)

    op.create_table('connection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('vendor', sa.String(length=20), nullable=False),
    sa.Column('facts', sync_tasks.state.types.Json(), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_connection_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_connection_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_connection')),
    sa.UniqueConstraint('org_id', 'user_id', 'side', name=op.f('uq_connection_org_id_user_id_side'))
    )
    op.create_table('cursor',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('pending', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_cursor_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'name', name=op.f('pk_cursor'))
    )
    op.create_table('item_retry',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('ref', sa.String(length=512), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('container', sa.String(length=80), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=80), nullable=False),
    sa.Column('not_before', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_item_retry_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'side', 'ref', name=op.f('pk_item_retry'))
    )
    with op.batch_alter_table('item_retry', schema=None) as batch_op:
        batch_op.create_index('ix_item_retry_due', ['user_id', 'not_before'], unique=False)

    op.create_table('pair',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('born', sa.String(length=8), nullable=False),
    sa.Column('letter', sa.String(length=1), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('mailbox_id', sa.String(length=512), nullable=False),
    sa.Column('mailbox_version', sa.String(length=200), nullable=False),
    sa.Column('folder', sa.String(length=20), nullable=False),
    sa.Column('crm_object', sa.String(length=80), nullable=False),
    sa.Column('crm_id', sa.String(length=18), nullable=False),
    sa.Column('crm_version', sa.String(length=40), nullable=False),
    sa.Column('crm_seen', sa.String(length=64), nullable=False),
    sa.Column('crm_seen_next', sa.String(length=64), nullable=False),
    sa.Column('marks', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('people', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('unseen', sa.Boolean(), nullable=False),
    sa.Column('ends_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    sa.Column('created_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_pair_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_pair_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pair')),
    sa.UniqueConstraint('user_id', 'key', name=op.f('uq_pair_user_id_key'))
    )
    with op.batch_alter_table('pair', schema=None) as batch_op:
        batch_op.create_index('ix_pair_crm', ['user_id', 'crm_id'], unique=False)
        batch_op.create_index('ix_pair_ends', ['user_id', 'kind', 'state', 'ends_at'], unique=False)
        batch_op.create_index('ix_pair_mailbox', ['user_id', 'mailbox_id'], unique=False)
        batch_op.create_index('ix_pair_org_key', ['org_id', 'key'], unique=False)

    op.create_table('setting_value',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('org_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('value', sync_tasks.state.types.Json(), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organization.id'], name=op.f('fk_setting_value_org_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_setting_value_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setting_value')),
    sa.UniqueConstraint('org_id', 'user_id', 'name', name=op.f('uq_setting_value_org_id_user_id_name'))
    )
    op.create_table('sync_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('trigger', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(length=12), nullable=False),
    sa.Column('started_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('touched_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('working', sa.String(length=36), nullable=False),
    sa.Column('finished_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('run_key', sa.LargeBinary(), nullable=True),
    sa.Column('counts', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('recovered', sa.Integer(), nullable=False),
    sa.Column('error_code', sa.String(length=64), nullable=False),
    sa.Column('error_text', sa.String(length=400), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_sync_run_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sync_run'))
    )
    with op.batch_alter_table('sync_run', schema=None) as batch_op:
        batch_op.create_index('ix_sync_run_open', ['state', 'touched_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sync_run_user_id'), ['user_id'], unique=False)
        batch_op.create_index('uq_sync_run_one_open', ['user_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('credential',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('connection_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_credential_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential')),
    sa.UniqueConstraint('connection_id', 'name', name=op.f('uq_credential_connection_id_name'))
    )
    op.create_table('decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('stage', sa.String(length=12), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('ref', sa.String(length=512), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('rule', sa.String(length=20), nullable=False),
    sa.Column('detail', sync_tasks.state.types.Json(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_decision_run_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_decision_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index('ix_decision_item', ['user_id', 'ref'], unique=False)
        batch_op.create_index('ix_decision_key', ['user_id', 'key'], unique=False)
        batch_op.create_index('ix_decision_run', ['run_id'], unique=False)

    op.create_table('issue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=True),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('ref', sa.String(length=512), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('fields', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('opened_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('closed_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_issue_run_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_issue_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue')),
    sa.UniqueConstraint('user_id', 'side', 'ref', 'code', name=op.f('uq_issue_user_id_side_ref_code'))
    )
    with op.batch_alter_table('issue', schema=None) as batch_op:
        batch_op.create_index('ix_issue_open', ['user_id', 'closed_at'], unique=False)

    op.create_table('operation',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('op_id', sa.String(length=24), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=10), nullable=False),
    sa.Column('side', sa.String(length=8), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('target', sa.String(length=80), nullable=False),
    sa.Column('step', sa.String(length=16), nullable=False),
    sa.Column('rule', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('pair_key', sa.String(length=80), nullable=False),
    sa.Column('ref', sa.String(length=512), nullable=False),
    sa.Column('fields', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('requires', sync_tasks.state.types.Json(), nullable=False),
    sa.Column('mails', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('result_id', sa.String(length=512), nullable=False),
    sa.Column('error_code', sa.String(length=80), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_operation_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'op_id', name=op.f('pk_operation'))
    )
    with op.batch_alter_table('operation', schema=None) as batch_op:
        batch_op.create_index('ix_operation_state', ['run_id', 'state', 'step'], unique=False)

    op.create_table('run_stage',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(length=12), nullable=False),
    sa.Column('finished_at', sync_tasks.state.types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.Column('counts', sync_tasks.state.types.Json(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_run_stage_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'stage', name=op.f('pk_run_stage'))
    )
    op.create_table('staged_item',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('slot', sa.String(length=560), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['sync_run.id'], name=op.f('fk_staged_item_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'slot', name=op.f('pk_staged_item'))
    )


def downgrade() -> None:
    op.drop_table('staged_item')
    op.drop_table('run_stage')
    with op.batch_alter_table('operation', schema=None) as batch_op:
        batch_op.drop_index('ix_operation_state')

    op.drop_table('operation')
    with op.batch_alter_table('issue', schema=None) as batch_op:
        batch_op.drop_index('ix_issue_open')

    op.drop_table('issue')
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.drop_index('ix_decision_run')
        batch_op.drop_index('ix_decision_key')
        batch_op.drop_index('ix_decision_item')

    op.drop_table('decision')
    op.drop_table('credential')
    with op.batch_alter_table('sync_run', schema=None) as batch_op:
        batch_op.drop_index('uq_sync_run_one_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_sync_run_user_id'))
        batch_op.drop_index('ix_sync_run_open')

    op.drop_table('sync_run')
    op.drop_table('setting_value')
    with op.batch_alter_table('pair', schema=None) as batch_op:
        batch_op.drop_index('ix_pair_org_key')
        batch_op.drop_index('ix_pair_mailbox')
        batch_op.drop_index('ix_pair_ends')
        batch_op.drop_index('ix_pair_crm')

    op.drop_table('pair')
    with op.batch_alter_table('item_retry', schema=None) as batch_op:
        batch_op.drop_index('ix_item_retry_due')

    op.drop_table('item_retry')
    op.drop_table('cursor')
    op.drop_table('connection')
    with op.batch_alter_table('app_user', schema=None) as batch_op:
        batch_op.drop_index('ix_app_user_due')
        batch_op.drop_index(batch_op.f('ix_app_user_address'))

    op.drop_table('app_user')
    op.drop_table('organization')
    op.drop_table('admin_audit')
