package caddymodule

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// provisions numbers the configurations of this process.
var provisions provisionCount

// provisionCount knows the newest configuration that was to be taken up,
// whatever became of it.
type provisionCount struct{ number, at atomic.Int64 }

func (p *provisionCount) begin() int64 {
	p.at.Store(time.Now().UnixMilli())
	return p.number.Add(1)
}

// failedAt is when a configuration newer than the numbered one was given up.
func (p *provisionCount) failedAt(number int64) time.Time {
	if p.number.Load() == number {
		return time.Time{}
	}
	return time.UnixMilli(p.at.Load())
}

const (
	// examineLimit bounds a whole examination.
	examineLimit = 8 * time.Second
	// storeQuestions is how often the store is asked to see how fast it is.
	storeQuestions = 5
)

// examine looks at everything that a doctor judges, side by side, since much of
// it is waiting.
func (a *App) examine(ctx context.Context, ignored []doctor.Check) doctor.Report {
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	around, now := a.surroundings(), a.backing.replica.Now()
	looks := []func() []doctor.Result{
		func() []doctor.Result { return a.examineConfiguration(&around) },
		func() []doctor.Result { return a.examineState(now) },
		func() []doctor.Result { return a.examineStore(ctx) },
		func() []doctor.Result {
			nodes, err := a.backing.nodes.All(ctx)
			return doctor.AboutGateways(nodes, now, err)
		},
		func() []doctor.Result { return a.examineRoutes(&around) },
		func() []doctor.Result { return doctor.AboutUpstreams(dialAll(ctx, around.guarded())) },
		func() []doctor.Result {
			return doctor.AboutTLS(shownCertificates(ctx, &around, a.issuerHost()), time.Now())
		},
	}
	found := make([][]doctor.Result, len(looks))
	var all sync.WaitGroup
	for i, look := range looks {
		all.Go(func() { found[i] = look() })
	}
	all.Wait()
	return doctor.Summarize(a.backing.nodes.Name, now.UTC(), slices.Concat(found...), ignored)
}

func (a *App) issuerHost() string {
	issuer, err := url.Parse(a.Issuer)
	if err != nil {
		return ""
	}
	return issuer.Hostname()
}

func (a *App) examineConfiguration(around *surroundings) []doctor.Result {
	served, anywhere := around.issuers()
	complaint := ""
	if noticed := a.services.noticed.Load(); noticed != nil {
		complaint = *noticed
	}
	return append(doctor.AboutSafety(around.unsafe()),
		doctor.AboutConfiguration(a.provisionedAt, provisions.failedAt(a.number)),
		doctor.AboutIssuer(a.Issuer, a.issuerHost(), served, anywhere),
		doctor.AboutProxies(complaint),
	)
}

func (a *App) examineState(now time.Time) []doctor.Result {
	replica := a.backing.replica
	age, known := replica.Age()
	results := []doctor.Result{
		doctor.AboutClock(time.Until(now), known),
		doctor.AboutState(age, known, time.Duration(a.Staleness)),
	}
	results = append(results, doctor.AboutKeys(a.backing.keys.Stories(a.signing()), now, a.backing.keys.Err())...)
	believed := slices.DeleteFunc(a.services.statements.Believed(), func(s statement.Statement) bool { return s.Issuer == a.Issuer })
	return append(results, doctor.AboutStatements(believed, len(a.TrustedIssuers), now)...)
}

// examineStore asks past the breaker, which would answer for a store that has
// come back just now.
func (a *App) examineStore(ctx context.Context) []doctor.Result {
	var latencies []time.Duration
	var err error
	for range storeQuestions {
		begun := time.Now()
		if _, _, err = a.backing.gate.Tail(ctx); err != nil {
			break
		}
		latencies = append(latencies, time.Since(begun))
	}
	results := []doctor.Result{doctor.AboutStore(latencies, err)}
	findings, err := a.backing.gate.Examine(ctx)
	return append(results, doctor.AboutSetUp(findings, err)...)
}

func (a *App) examineRoutes(around *surroundings) []doctor.Result {
	var open []doctor.OpenRoute
	all := 0
	for _, g := range a.allGuards() {
		api := g.table.API()
		for _, r := range api.Routes {
			all++
			if r.Open || r.OpenWith != "" || len(r.Scopes) == 0 {
				open = append(open, doctor.OpenRoute{
					API: api.Name, Route: strings.Join(r.Methods, ",") + " " + r.Path, Ours: g.API == nil,
				})
			}
		}
	}
	return append(doctor.AboutRoutes(open, all), doctor.AboutBypass(around.guarded(), around.unguarded())...)
}
