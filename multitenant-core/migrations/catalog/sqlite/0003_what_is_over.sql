-- What is over is deleted some days later.
CREATE INDEX mt_admin_sessions_over ON mt_admin_sessions (COALESCE(ended_at, expires_at));
CREATE INDEX mt_idempotency_keys_created ON mt_idempotency_keys (created_at);
