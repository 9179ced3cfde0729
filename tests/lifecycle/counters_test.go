package lifecycle

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counters reads everything of ours that only ever grows, by its series.
func (w *world) counters() (map[string]float64, error) {
	response, err := visitor.Get("http://" + w.Admin + "/metrics")
	if err != nil {
		return nil, err
	}
	answer := read(response)
	if answer.err != nil || answer.Status != http.StatusOK {
		return nil, answer.err
	}
	found, counts := map[string]float64{}, false
	for line := range strings.Lines(answer.Body) {
		if kind, typed := strings.CutPrefix(line, "# TYPE caddy_dcr_"); typed {
			counts = strings.HasSuffix(kind, " counter\n") || strings.HasSuffix(kind, " histogram\n")
		}
		if series, value, sample := strings.Cut(strings.TrimSpace(line), " "); counts && sample && strings.HasPrefix(series, "caddy_dcr_") {
			if found[series], err = strconv.ParseFloat(value, 64); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// watch is somebody who scrapes the metrics all the time.
type watch struct {
	w    *world
	stop chan struct{}
	done sync.WaitGroup

	last    map[string]float64
	scrapes int
	fell    []string
}

// scrape begins to watch the counters.
func (w *world) scrape(t *testing.T) *watch {
	t.Helper()
	first, err := w.counters()
	require.NoError(t, err)
	require.NotEmpty(t, first)
	s := &watch{w: w, stop: make(chan struct{}), last: first}
	s.done.Go(s.run)
	return s
}

func (s *watch) run() {
	for {
		select {
		case <-s.stop:
			return
		case <-time.After(50 * time.Millisecond):
			s.look()
		}
	}
}

// look compares the counters with what they were. Caddy's admin endpoint is
// away for a moment in every reload, which is not ours to mend.
func (s *watch) look() {
	next, err := s.w.counters()
	if err != nil || len(next) == 0 {
		return
	}
	s.scrapes++
	for series, before := range s.last {
		if after, there := next[series]; !there || after < before {
			s.fell = append(s.fell, series+": "+strconv.FormatFloat(before, 'g', -1, 64)+" became "+strconv.FormatFloat(after, 'g', -1, 64))
		}
	}
	s.last = next
}

// end checks that nothing fell.
func (s *watch) end(t *testing.T) {
	t.Helper()
	close(s.stop)
	s.done.Wait()
	s.look()
	assert.Positive(t, s.scrapes)
	assert.Empty(t, s.fell, "counters that fell or are gone")
}

// handled counts the requests that the gateway's own code has had in hand.
func (w *world) handled(t *testing.T) int {
	t.Helper()
	counters, err := w.counters()
	require.NoError(t, err)
	sum := 0.0
	for series, value := range counters {
		name, _, _ := strings.Cut(series, "{")
		switch name {
		case "caddy_dcr_decisions_total", "caddy_dcr_tokens_total", "caddy_dcr_registrations_total":
			sum += value
		}
	}
	return int(sum)
}
