package caddymodule

import (
	"context"
	"log/slog"
)

// runningLog writes to the log of the configuration that runs. What outlives a
// reload would else go on writing to the log of the configuration that it
// began with, which may be a file that is closed by now.
type runningLog struct{ first slog.Handler }

// current is the first one until a configuration runs.
func (l runningLog) current() slog.Handler {
	if app := runningApp(); app != nil {
		return app.logger.Handler()
	}
	return l.first
}

// Enabled implements slog.Handler.
func (l runningLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.current().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l runningLog) Handle(ctx context.Context, record slog.Record) error {
	return l.current().Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (l runningLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.current().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l runningLog) WithGroup(name string) slog.Handler { return l.current().WithGroup(name) }

var _ slog.Handler = runningLog{}
