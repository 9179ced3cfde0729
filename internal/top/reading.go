// Package top makes a picture of what gateways do now, out of two readings of
// their metrics.
package top

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Reading is what one gateway's metrics said at one moment.
type Reading struct {
	At       time.Time
	families map[string]*dto.MetricFamily
}

// Read reads the text form of metrics.
func Read(from io.Reader, at time.Time) (Reading, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(from)
	if err != nil {
		return Reading{}, fmt.Errorf("reading metrics: %w", err)
	}
	return Reading{at, families}, nil
}

// OfGateway says whether they are the metrics of a gateway.
func (r Reading) OfGateway() bool { return r.families["caddy_dcr_configurations_total"] != nil }

// series are the metrics of a name.
func (r Reading) series(name string) []*dto.Metric {
	if family := r.families["caddy_dcr_"+name]; family != nil {
		return family.Metric
	}
	return nil
}

// find is the series with the same labels as another, or nil.
func (r Reading) find(name string, like *dto.Metric) *dto.Metric {
	for _, m := range r.series(name) {
		if slices.EqualFunc(m.Label, like.Label, func(a, b *dto.LabelPair) bool {
			return a.GetName() == b.GetName() && a.GetValue() == b.GetValue()
		}) {
			return m
		}
	}
	return nil
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// pair is one gateway at the beginning and at the end of the time looked at.
type pair struct{ before, after Reading }

func (p pair) seconds() float64 { return p.after.At.Sub(p.before.At).Seconds() }

// rises gives how much each counter of a name has grown. One that is smaller
// than before was started anew, and so has what it counts.
func (p pair) rises(name string, each func(m *dto.Metric, by float64)) {
	for _, m := range p.after.series(name) {
		by := m.GetCounter().GetValue()
		if old := p.before.find(name, m); old != nil && old.GetCounter().GetValue() <= by {
			by -= old.GetCounter().GetValue()
		}
		each(m, by)
	}
}

// spread is a histogram of what happened in the time looked at.
type spread struct {
	bounds []float64
	counts []float64 // cumulative
}

// spreads gives the histogram of each series of a name.
func (p pair) spreads(name string, each func(m *dto.Metric, s spread)) {
	for _, m := range p.after.series(name) {
		old := p.before.find(name, m)
		if old != nil && old.GetHistogram().GetSampleCount() > m.GetHistogram().GetSampleCount() {
			old = nil // started anew
		}
		var s spread
		for i, b := range m.GetHistogram().GetBucket() {
			count := float64(b.GetCumulativeCount())
			if buckets := old.GetHistogram().GetBucket(); old != nil && i < len(buckets) {
				count -= float64(buckets[i].GetCumulativeCount())
			}
			s.bounds, s.counts = append(s.bounds, b.GetUpperBound()), append(s.counts, count)
		}
		each(m, s)
	}
}

// add puts another gateway's histogram to this one. All have the same buckets;
// those of another version are left out.
func (s *spread) add(other spread) {
	if len(s.bounds) == 0 {
		s.bounds, s.counts = other.bounds, slices.Clone(other.counts)
		return
	}
	if !slices.Equal(s.bounds, other.bounds) {
		return
	}
	for i := range s.counts {
		s.counts[i] += other.counts[i]
	}
}

func (s *spread) count() float64 {
	if len(s.counts) == 0 {
		return 0
	}
	return s.counts[len(s.counts)-1]
}

// quantile estimates as Prometheus's histogram_quantile does, and says false of
// nothing. What is beyond the last bound is that bound.
func (s *spread) quantile(q float64) (float64, bool) {
	all := s.count()
	if all == 0 {
		return 0, false
	}
	rank := q * all
	i, _ := slices.BinarySearch(s.counts, rank)
	if math.IsInf(s.bounds[i], 1) {
		if i == 0 {
			return 0, false
		}
		return s.bounds[i-1], true
	}
	from, below := 0.0, 0.0
	if i > 0 {
		from, below = s.bounds[i-1], s.counts[i-1]
	}
	if s.counts[i] == below {
		return s.bounds[i], true
	}
	return from + (s.bounds[i]-from)*(rank-below)/(s.counts[i]-below), true
}
