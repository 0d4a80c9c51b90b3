-- What is over is deleted some days later.
CREATE INDEX mt_sessions_over ON mt_sessions ((COALESCE(ended_at, expires_at)));
