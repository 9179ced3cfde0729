package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// tracedStore gives each call that a traced request makes a span. It names no
// key and no value. Other calls, such as those that follow the feed, pass as
// they are.
type tracedStore struct {
	plugins.Store
	// system is what the store is to OpenTelemetry: redis, or bolt.
	system string
}

// traced wraps a store of the module.
func traced(store plugins.Store, module plugins.StoreModule) plugins.Store {
	t := tracedStore{Store: store, system: "other"}
	if named, ok := module.(caddy.Module); ok {
		t.system = named.CaddyModule().ID.Name()
	}
	return t
}

// call passes one call on, below a span if the context has one.
func (t tracedStore) call(ctx context.Context, operation metrics.Operation, pass func(context.Context) error) error {
	ctx, span := begin(ctx, "dcr.store."+string(operation), trace.WithSpanKind(trace.SpanKindClient))
	if span == nil {
		return pass(ctx)
	}
	defer span.End()
	span.SetAttributes(semconv.DBSystemNameKey.String(t.system), semconv.DBOperationName(string(operation)))
	err := pass(ctx)
	if fault := faultOf(err); fault != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(fault))
		span.SetStatus(codes.Error, fault)
	}
	return err
}

// faultOf names a fault of the store. A condition that does not hold is none, nor
// is a cursor that it did not give.
func faultOf(err error) string {
	switch {
	case err == nil, errors.Is(err, plugins.ErrConflict), errors.Is(err, plugins.ErrCursor):
		return ""
	case errors.Is(err, plugins.ErrLostPlace):
		return "lost_place"
	default:
		return string(plugins.FaultOf(err))
	}
}

func (t tracedStore) Get(ctx context.Context, keys ...string) (items []plugins.Item, err error) {
	err = t.call(ctx, metrics.Get, func(ctx context.Context) error {
		items, err = t.Store.Get(ctx, keys...)
		return err
	})
	return items, err
}

func (t tracedStore) Put(ctx context.Context, w plugins.Write) error {
	return t.call(ctx, metrics.Put, func(ctx context.Context) error { return t.Store.Put(ctx, w) })
}

func (t tracedStore) List(ctx context.Context, prefix, cursor string, limit int) (page plugins.Page, err error) {
	err = t.call(ctx, metrics.List, func(ctx context.Context) error {
		page, err = t.Store.List(ctx, prefix, cursor, limit)
		return err
	})
	return page, err
}

func (t tracedStore) Append(ctx context.Context, writes ...plugins.Write) (position plugins.Position, err error) {
	err = t.call(ctx, metrics.Append, func(ctx context.Context) error {
		position, err = t.Store.Append(ctx, writes...)
		return err
	})
	return position, err
}

func (t tracedStore) Follow(ctx context.Context, after plugins.Position, wait time.Duration) (batch plugins.Batch, err error) {
	err = t.call(ctx, metrics.Follow, func(ctx context.Context) error {
		batch, err = t.Store.Follow(ctx, after, wait)
		return err
	})
	return batch, err
}

func (t tracedStore) Tail(ctx context.Context) (position plugins.Position, now time.Time, err error) {
	err = t.call(ctx, metrics.Tail, func(ctx context.Context) error {
		position, now, err = t.Store.Tail(ctx)
		return err
	})
	return position, now, err
}

func (t tracedStore) Take(ctx context.Context, b plugins.Bucket) (taken plugins.Taken, err error) {
	err = t.call(ctx, metrics.Take, func(ctx context.Context) error {
		taken, err = t.Store.Take(ctx, b)
		return err
	})
	return taken, err
}
