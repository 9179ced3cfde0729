package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// MetricsConfig says by what registrations, tokens and decisions are counted
// one by one. Whatever is not listed is counted together, as `other`. Nothing by
// default.
type MetricsConfig struct {
	// Applications lists the applications that have series of their own: by
	// id, or by name where this configuration declares them. What stands here
	// is the label. At most 100.
	Applications []string `json:"applications,omitempty"`
	// Platforms lists the platforms that have series of their own, such as
	// Roku; `all` is each that is known.
	Platforms []string `json:"platforms,omitempty"`
}

const mostListed = 100

// parse reads the block:
//
//	metrics {
//		applications <id or declared name…>
//		platforms <platform…> | all
//	}
func (c *MetricsConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"applications": func() error { return args(d, &c.Applications) },
		"platforms":    func() error { return args(d, &c.Platforms) },
	}, "applications", "platforms")
}

// breakdown counts by what the configuration lists; a part that lists nothing
// is nil, and counts nothing.
type breakdown struct {
	labels       map[uuid.UUID]string // of the applications
	applications *metrics.Breakdown[uuid.UUID]
	platforms    *metrics.Breakdown[string]
}

// attachBreakdown begins to count. The app ends it in [App.Cleanup].
func (a *App) attachBreakdown(declared map[uuid.UUID]*application.Application) error {
	applications, err := a.Metrics.applications(declared)
	if err != nil {
		return fmt.Errorf("metrics: applications: %w", err)
	}
	platforms, err := a.Metrics.platforms()
	if err != nil {
		return fmt.Errorf("metrics: platforms: %w", err)
	}
	if len(applications) > 0 {
		a.breakdown.labels = applications
		a.breakdown.applications = metricsOf.Applications(applications)
	}
	if len(platforms) > 0 {
		a.breakdown.platforms = metricsOf.Platforms(platforms)
	}
	return nil
}

func (c *MetricsConfig) applications(declared map[uuid.UUID]*application.Application) (map[uuid.UUID]string, error) {
	labels := make(map[uuid.UUID]string, len(c.Applications))
	if len(c.Applications) > mostListed {
		return nil, fmt.Errorf("got %d, want at most %d", len(c.Applications), mostListed)
	}
	for _, written := range c.Applications {
		id, label, err := meant(written, declared)
		if err != nil {
			return nil, err
		}
		if _, again := labels[id]; again {
			return nil, fmt.Errorf("%q is listed twice", written)
		}
		labels[id] = label
	}
	return labels, nil
}

// meant finds the application that is meant. An id need not exist yet: it may
// come into the store while the gateway runs.
func meant(written string, declared map[uuid.UUID]*application.Application) (uuid.UUID, string, error) {
	if id, err := uuid.Parse(written); err == nil && len(written) == textSize {
		return id, id.String(), nil
	}
	var found []uuid.UUID
	for id, app := range declared {
		if app.Name == written {
			found = append(found, id)
		}
	}
	switch {
	case written == metrics.Unlisted:
		return uuid.Nil, "", fmt.Errorf("got %q, which stands for all that are not listed; write the application's id", written)
	case len(found) == 0:
		return uuid.Nil, "", fmt.Errorf("got %q, want the id of an application, or the name of one that is declared here", written)
	case len(found) > 1:
		return uuid.Nil, "", fmt.Errorf("%d declared applications are called %q; write the id of the one that is meant", len(found), written)
	}
	return found[0], written, nil
}

func (c *MetricsConfig) platforms() (map[string]string, error) {
	written := c.Platforms
	if everything, _ := orAll(written); everything {
		written = nil
		for _, platform := range device.Platforms {
			if platform != device.Other {
				written = append(written, string(platform))
			}
		}
	}
	labels := make(map[string]string, len(written))
	for _, name := range written {
		i := slices.IndexFunc(device.Platforms, func(p device.Platform) bool { return strings.EqualFold(string(p), name) })
		if i < 0 || device.Platforms[i] == device.Other {
			return nil, fmt.Errorf("got %q, want all, or some of %s", name, platformList())
		}
		platform := string(device.Platforms[i])
		if _, again := labels[platform]; again {
			return nil, fmt.Errorf("%q is listed twice", name)
		}
		labels[platform] = platform
	}
	return labels, nil
}

// platformList names those that can be listed: what is called Other is counted
// as `other` anyway.
func platformList() string {
	var names []string
	for _, platform := range device.Platforms {
		if platform != device.Other {
			names = append(names, string(platform))
		}
	}
	return strings.Join(names, ", ")
}

// show shows the counters until the configuration ends.
func (b *breakdown) show() (hide func()) {
	applications, platforms := b.applications.Show(), b.platforms.Show()
	return func() { applications(); platforms() }
}

// shown shows what there is of this configuration alone.
func (a *App) shown() (hide func()) {
	breakdown, statements := a.breakdown.show(), metricsOf.TrackStatements(a.services.statements.Ends)
	return func() { breakdown(); statements() }
}

func (b *breakdown) release() {
	b.applications.Release()
	b.platforms.Release()
	*b = breakdown{}
}

// countRegistration counts a request to register, and, as far as it is known
// whose it was, for that.
func (s *services) countRegistration(w http.ResponseWriter, r *http.Request, err error, done *registration.Registration, begun time.Time) {
	outcome := registration.OutcomeOf(err)
	metricsOf.Registered(outcome, begun, traceIn(r.Context(), traceOf(w)))
	b := &s.app.breakdown
	if b.applications == nil && b.platforms == nil {
		return
	}
	_, facts := explain.FactsOf(err)
	if err == nil {
		facts.Proven, facts.Subject.ApplicationID, facts.Subject.Platform = true, done.ApplicationID, done.Platform
	}
	came := summed(err, outcome == registration.Unavailable)
	if facts.Proven {
		b.applications.Registered(facts.Subject.ApplicationID, came)
	}
	if facts.Subject.Platform != "" {
		b.platforms.Registered(facts.Subject.Platform, came)
	}
}

// countToken counts a request for a token, and, where the client has proven to
// be that, for whose it is.
func (s *services) countToken(w http.ResponseWriter, r *http.Request, err error, issued *oauth.Issued, begun time.Time) {
	outcome := oauth.OutcomeOf(err)
	metricsOf.TokenRequested(outcome, begun, traceIn(r.Context(), traceOf(w)))
	b := &s.app.breakdown
	_, facts := explain.FactsOf(err)
	if err == nil {
		metricsOf.TokenLives(time.Duration(issued.Response.ExpiresIn) * time.Second)
		facts.Proven, facts.Subject.ApplicationID, facts.Subject.Platform = true, issued.ApplicationID, issued.Platform
	}
	if facts.Proven {
		came := summed(err, outcome == oauth.Unavailable)
		b.applications.TokenRequested(facts.Subject.ApplicationID, came)
		b.platforms.TokenRequested(facts.Subject.Platform, came)
	}
}

func summed(err error, fault bool) metrics.DecisionOutcome {
	switch {
	case err == nil:
		return metrics.DecisionAllowed
	case fault:
		return metrics.DecisionUnavailable
	default:
		return metrics.DecisionRefused
	}
}
