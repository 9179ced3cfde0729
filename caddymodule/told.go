package caddymodule

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// told is what onlookers are told of a decision. It holds no secret, and only
// callers that proved who they are.
type told struct {
	trace                         uuid.UUID
	decision                      metrics.DecisionOutcome
	reason                        string
	client, application           uuid.UUID
	programmer, channel, platform string
	scopes                        []string
	profile, route                string
}

// texts visits what there is, by its name in the access log, where `dcr_`
// begins it, and in a span, where `dcr.` does.
func (t *told) texts(visit func(name, text string)) {
	for _, one := range []struct{ name, text string }{
		{"trace", idText(t.trace)},
		{"decision", string(t.decision)},
		{"reason", t.reason},
		{"client", idText(t.client)},
		{"application", idText(t.application)},
		{"programmer", t.programmer},
		{"channel", t.channel},
		{"scopes", strings.Join(t.scopes, " ")},
		{"platform", t.platform},
	} {
		if one.text != "" {
			visit(one.name, one.text)
		}
	}
}

// MarshalLogObject implements zapcore.ObjectMarshaler, so that texts are made
// when a line is written, and only then.
func (t *told) MarshalLogObject(line zapcore.ObjectEncoder) error {
	t.texts(func(name, text string) { line.AddString("dcr_"+name, text) })
	return nil
}

// attributes follow OpenTelemetry's semantic conventions where they have a name.
func (t *told) attributes() []attribute.KeyValue {
	var all []attribute.KeyValue
	t.texts(func(name, text string) { all = append(all, attribute.String("dcr."+name, text)) })
	if t.profile != "" {
		all = append(all, attribute.String("dcr.profile", t.profile))
	}
	if t.route != "" {
		all = append(all, semconv.HTTPRoute(t.route))
	}
	if t.decision == metrics.DecisionUnavailable {
		all = append(all, semconv.ErrorTypeKey.String(t.reason))
	}
	return all
}

// told says what came of the exchange.
func (x *exchange) told(d *guard.Decision) *told {
	t := &told{
		trace: x.trace, decision: metrics.DecisionOutcomeOf(d.Reason), reason: string(d.Reason),
		channel: d.Channel, profile: x.guard.table.API().Name,
	}
	if x.match.Route != nil {
		t.route = x.match.Route.Path
	}
	if t.channel == "" {
		t.channel = channelsOf(x.facts.Named)
	}
	x.known.introduce(t)
	return t
}

// introduce says whose the token is.
func (k *knownToken) introduce(t *told) {
	if k.Lineage == nil {
		return
	}
	t.client, t.application, t.platform, t.scopes = k.ClientID, k.ApplicationID, k.Platform, k.Scopes.Values()
	if k.application != nil {
		t.programmer = k.application.Programmer
	}
}

// longestChannels bounds what a refused request can have written about the
// channels that it names; those of an allowed one are its application's.
const longestChannels = 128

func channelsOf(named []endpoint.Named) string {
	var list []string
	size := 0
	for i := range named {
		if size += len(named[i].Value) + 1; size > longestChannels {
			break
		}
		if named[i].Names == plugins.NamesChannel && named[i].Value != "" {
			list = append(list, redactShapes(named[i].Value))
		}
	}
	return strings.Join(list, ",")
}

func (j *judgement) told(trace uuid.UUID) *told {
	t := &told{trace: trace, decision: metrics.DecisionOutcomeOf(j.reason), reason: string(j.reason)}
	j.known.introduce(t)
	return t
}

func toldOfToken(w http.ResponseWriter, issued *oauth.Issued) *told {
	return &told{
		trace: traceOf(w), decision: metrics.DecisionAllowed, reason: string(oauth.TokenIssued), client: issued.ClientID,
		application: issued.ApplicationID, programmer: issued.Programmer, platform: issued.Platform,
		scopes: strings.Fields(issued.Response.Scope),
	}
}

func toldOfRegistration(w http.ResponseWriter, done *registration.Registration) *told {
	client, _ := uuid.Parse(done.Response.ClientID)
	return &told{
		trace: traceOf(w), decision: metrics.DecisionAllowed, reason: string(registration.Registered), client: client,
		application: done.ApplicationID, programmer: done.Programmer, platform: done.Platform, scopes: done.Response.Scopes,
	}
}

// toldOf says what is remembered of a refusal.
func (s *services) toldOf(e *explain.Entry) *told {
	t := &told{trace: e.Trace, decision: metrics.DecisionRefused, reason: e.Reason}
	if e.Status >= 500 {
		t.decision = metrics.DecisionUnavailable
	}
	if e.Proven {
		t.client, t.application, t.platform, t.scopes = e.Subject.ClientID, e.Subject.ApplicationID, e.Subject.Platform, e.Had
		if app, found := s.directory.Application(e.Subject.ApplicationID); found {
			t.programmer = app.Programmer
		}
	}
	return t
}

var _ zapcore.ObjectMarshaler = (*told)(nil)
