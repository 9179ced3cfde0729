package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Replica is what a scrape asks a replica.
type Replica interface {
	// Age is how long ago the store confirmed that nothing is missing, and
	// false when it never has.
	Age() (time.Duration, bool)
	Sizes() (applications, kills int)
	Position() plugins.Position
}

var _ Replica = (*state.Replica)(nil)

var (
	replicaAge = desc("replica_age_seconds",
		"How long ago the store confirmed that no change is missing here; +Inf before the first time.")
	replicaApplications = desc("replica_applications", "Registered applications held in memory.")
	replicaKills        = desc("replica_kills", "Kill switches held in memory.")
	feedPosition        = desc("feed_position", "The change of the store's feed up to which everything is applied here.")
)

// replicas reads the replicas of a process when it is scraped. Usually there is
// one; while a configuration with another store takes over, there are two.
type replicas struct{ known tracked[Replica] }

func (r *replicas) build() []prometheus.Collector { return []prometheus.Collector{replicaGauges{r}} }

// TrackReplica shows the replica in the gauges until the returned function is
// called.
func (m *Metrics) TrackReplica(replica Replica) (untrack func()) {
	return m.replicas.known.add(replica)
}

// replicaGauges keeps the methods of prometheus.Collector out of those of
// [Metrics].
type replicaGauges struct{ *replicas }

// Describe implements prometheus.Collector.
func (replicaGauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{replicaAge, replicaApplications, replicaKills, feedPosition} {
		out <- d
	}
}

// Collect implements prometheus.Collector. Without a replica it shows nothing,
// since every number would be a lie. The age is that of the oldest, because
// that one decides requests too; the rest is of the newest.
func (g replicaGauges) Collect(out chan<- prometheus.Metric) {
	tracked := g.known.all()
	if len(tracked) == 0 {
		return
	}
	oldest := 0.0
	for _, replica := range tracked {
		oldest = max(oldest, seconds(replica.Age()))
	}
	newest := tracked[len(tracked)-1]
	applications, kills := newest.Sizes()
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(replicaAge, oldest)
	gauge(replicaApplications, float64(applications))
	gauge(replicaKills, float64(kills))
	gauge(feedPosition, float64(newest.Position().Seq))
}

func seconds(age time.Duration, ever bool) float64 {
	if !ever {
		return math.Inf(1)
	}
	return age.Seconds()
}
