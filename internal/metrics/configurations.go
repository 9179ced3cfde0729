package metrics

import "github.com/prometheus/client_golang/prometheus"

// Configuration says what became of a configuration. The set is closed: it is
// a label.
type Configuration string

const (
	// ConfigurationStarted is one that serves or has served.
	ConfigurationStarted Configuration = "started"
	// ConfigurationFailed is one that could not be taken up, for a reason of the
	// gateway's or of another part of Caddy; the one before goes on.
	ConfigurationFailed Configuration = "failed"
)

// Configurations lists the closed set.
var Configurations = []Configuration{ConfigurationStarted, ConfigurationFailed}

// configurations counts starts and reloads.
type configurations struct{ results counters[Configuration] }

func (c *configurations) build() []prometheus.Collector {
	results, vec := newCounters("configurations_total",
		"Configurations that were to be taken up, by a start or a reload, by what became of it.", "result", Configurations)
	c.results = results
	return []prometheus.Collector{vec}
}

// ConfigurationEnded counts a configuration that started, or that never will.
func (c *configurations) ConfigurationEnded(result Configuration) { c.results.add(result) }
