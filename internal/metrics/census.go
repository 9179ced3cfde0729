package metrics

import (
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/reaper"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// CountedBy names the things of which the one with the most clients is shown.
// The set is closed: it is a label.
type CountedBy string

const (
	// ByStatement is for statements, ByApplication for applications, ByAddress
	// for the networks that clients registered from.
	ByStatement   CountedBy = "statement"
	ByApplication CountedBy = "application"
	ByAddress     CountedBy = "address"
)

// CountedBySet lists the closed set.
var CountedBySet = []CountedBy{ByStatement, ByApplication, ByAddress}

var (
	liveClients = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "live_clients"),
		"Clients that nothing stops, by platform, as of the last census of the whole store.", []string{"platform"}, nil)
	applicationClients = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "application_live_clients"),
		"Clients that nothing stops, by application, as of the last census of the whole store.", []string{"application"}, nil)
	mostClients = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "most_live_clients"),
		"Live clients of the statement, the application or the address that has the most, as of the last census.", []string{"of"}, nil)
	addressShort   = desc("address_clients_undercount", "By how many the live clients of an address may be counted too low, as of the last census.")
	stoppedClients = desc("stopped_clients", "Clients that a kill stops, as of the last census.")
	unusedClients  = desc("unused_clients", "Clients that the reaper found unused, as of the last census.")
	censusAge      = desc("census_age_seconds", "How long ago the last census of the clients ended; +Inf before the first.")
	censusTook     = desc("census_duration_seconds", "How long the last census took, with its rests.")
)

// clients shows what was counted last, and counts how that went.
type clients struct {
	known  tracked[countedClients]
	walks  counters[census.Outcome]
	reaped counters[reaper.Outcome]
}

// countedClients is a book, and the store's clock.
type countedClients struct {
	latest func() *state.Census
	now    func() time.Time
	labels map[uuid.UUID]string
}

func (c *clients) build() []prometheus.Collector {
	var walks, reaped prometheus.Collector
	c.walks, walks = newCounters("censuses_total", "Censuses of the clients that began here, by how they ended.", "outcome", census.Outcomes)
	c.reaped, reaped = newCounters("reaped_clients_total", "Unused clients that were to be removed here, by what became of them.", "outcome", reaper.Outcomes)
	return []prometheus.Collector{walks, reaped, clientGauges{c}}
}

// CensusEnded implements census.Observer.
func (c *clients) CensusEnded(outcome census.Outcome, _ time.Duration) { c.walks.add(outcome) }

// ClientReaped counts what became of an unused client.
func (c *clients) ClientReaped(outcome reaper.Outcome) { c.reaped.add(outcome) }

// TrackCensus shows what was counted last, and that of the applications that
// have labels, until the returned function is called.
func (c *clients) TrackCensus(latest func() *state.Census, now func() time.Time, labels map[uuid.UUID]string) (untrack func()) {
	return c.known.add(countedClients{latest, now, labels})
}

// clientGauges keeps the methods of prometheus.Collector out of those of
// [Metrics].
type clientGauges struct{ *clients }

// Describe implements prometheus.Collector.
func (clientGauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		liveClients, applicationClients, mostClients, addressShort, stoppedClients, unusedClients, censusAge, censusTook,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector. Before the first census it shows no
// numbers, since all would be a lie.
func (g clientGauges) Collect(out chan<- prometheus.Metric) {
	all := g.known.all()
	if len(all) == 0 {
		return
	}
	newest := all[len(all)-1]
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	c := newest.latest()
	if c == nil {
		gauge(censusAge, math.Inf(1))
		return
	}
	gauge(censusAge, newest.now().Sub(time.UnixMilli(c.FinishedAt)).Seconds())
	gauge(censusTook, time.Duration((c.FinishedAt-c.BeganAt)*int64(time.Millisecond)).Seconds())
	// Those of an operator's catalogue are among the other ones.
	rest := c.Total()
	for _, platform := range device.Platforms {
		if platform != device.Other {
			live := c.Live[string(platform)]
			gauge(liveClients, float64(live), string(platform))
			rest -= live
		}
	}
	gauge(liveClients, float64(rest), string(device.Other))
	gauge(stoppedClients, float64(c.Stopped))
	gauge(unusedClients, float64(c.Unused-c.Removed))
	var most, others uint64
	for id, a := range c.Applications {
		most = max(most, a.Live)
		if _, listed := newest.labels[id]; !listed {
			others += a.Live
		}
	}
	for id, label := range newest.labels {
		gauge(applicationClients, float64(c.Applications[id].Live), label)
	}
	if len(newest.labels) > 0 {
		gauge(applicationClients, float64(others), Unlisted)
	}
	gauge(mostClients, float64(most), string(ByApplication))
	gauge(mostClients, float64(highest(c.Statements)), string(ByStatement))
	gauge(mostClients, float64(highest(c.Networks)), string(ByAddress))
	gauge(addressShort, float64(c.NetworksShort))
}

func highest[K comparable](counts map[K]uint64) (most uint64) {
	for _, n := range counts {
		most = max(most, n)
	}
	return most
}
