package caddymodule

import (
	"context"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
)

// scopeName names this instrumentation in traces.
const scopeName = "github.com/caddy-dcr/caddy-dcr"

// onlookers are those that want to know what becomes of a request: the access
// log, and whoever traces it. Usually at most one of them is there, and where
// none is, nothing is made for them.
type onlookers struct {
	log  *caddyhttp.ExtraLogFields
	span trace.Span
}

// onlookersOf finds them, and begins a span of that name where the request is
// traced. The context that it returns is that of the span.
func onlookersOf(ctx context.Context, name string) (context.Context, onlookers) {
	o := onlookers{log: logOf(ctx)}
	ctx, o.span = begin(ctx, name)
	return ctx, o
}

// logOf is nil where the server has no access log. Caddy keeps fields for one
// all the same.
func logOf(ctx context.Context) *caddyhttp.ExtraLogFields {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server == nil || server.Logs == nil {
		return nil
	}
	fields, _ := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	return fields
}

// begin begins a span below that of the context; without one, or where nobody
// records it, there is none.
func begin(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, nil
	}
	return parent.TracerProvider().Tracer(scopeName).Start(ctx, name, options...)
}

// traceID is that of OpenTelemetry where the request's trace is kept, else zero.
func (o *onlookers) traceID() (id trace.TraceID) {
	if o.span != nil && o.span.SpanContext().IsSampled() {
		id = o.span.SpanContext().TraceID()
	}
	return id
}

// traceIn is what leads from a number to the request that the context is of.
func traceIn(ctx context.Context, id uuid.UUID) metrics.Trace {
	t := metrics.Trace{ID: id}
	if o, there := ctx.Value(onlookersKey{}).(*onlookers); there {
		t.Span = o.traceID()
	}
	return t
}

// present says whether there is anybody.
func (o *onlookers) present() bool { return o.log != nil || o.span != nil }

// tell tells them all of a decision.
func (o *onlookers) tell(t *told) {
	if o.log != nil {
		o.log.Add(zap.Inline(t))
	}
	if o.span == nil {
		return
	}
	o.span.SetAttributes(t.attributes()...)
	if t.decision == metrics.DecisionUnavailable {
		o.span.SetStatus(codes.Error, t.reason)
	}
}

// leave ends the span.
func (o *onlookers) leave() {
	if o.span != nil {
		o.span.End()
	}
}

type onlookersKey struct{}

// observed is the request with its onlookers in its context, if it has any.
func (o *onlookers) observed(ctx context.Context, r *http.Request) *http.Request {
	if !o.present() {
		return r
	}
	return r.WithContext(context.WithValue(ctx, onlookersKey{}, o))
}

// tell tells the onlookers of a request to the issuer what became of it.
func tell(r *http.Request, all func() *told) {
	if o, there := r.Context().Value(onlookersKey{}).(*onlookers); there {
		o.tell(all())
	}
}
