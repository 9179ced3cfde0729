package crowd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// examples is how many wrong answers a tally keeps in words.
const examples = 8

// Tally counts answers. Its zero value finds every 503 wrong.
type Tally struct {
	Expectation

	mu                       sync.Mutex
	requests, refused, wrong int
	slowest                  time.Duration
	statuses                 map[string]int
	words                    []string
}

// Add counts one answer.
func (t *Tally) Add(a Answer) {
	wrong := a.Wrong(t.Expectation)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.slowest = max(t.slowest, a.Took)
	if a.Refused() {
		t.refused++
	}
	if t.statuses == nil {
		t.statuses = map[string]int{}
	}
	t.statuses[strings.TrimSpace(fmt.Sprintf("%s: %d %s", a.Role, a.Status, a.Code))]++
	if wrong == "" {
		return
	}
	t.wrong++
	if len(t.words) < examples {
		t.words = append(t.words, fmt.Sprintf("%s: %s at gateway %d: %s", a.Sent.Format("05.000"), a.Role, a.Gateway+1, wrong))
	}
}

// Requests counts the answers.
func (t *Tally) Requests() int { return read(t, &t.requests) }

// Refused counts the answers with 503.
func (t *Tally) Refused() int { return read(t, &t.refused) }

// Wrong counts the answers that were not true.
func (t *Tally) Wrong() int { return read(t, &t.wrong) }

// Slowest is how long the slowest answer took.
func (t *Tally) Slowest() time.Duration { return read(t, &t.slowest) }

func read[T any](t *Tally, field *T) T {
	t.mu.Lock()
	defer t.mu.Unlock()
	return *field
}

// Words describes some of the wrong answers.
func (t *Tally) Words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.words, "\n")
}

// Statuses lists how often each role got which status.
func (t *Tally) Statuses() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for _, status := range slices.Sorted(maps.Keys(t.statuses)) {
		lines = append(lines, fmt.Sprintf("%8d  %s", t.statuses[status], status))
	}
	return strings.Join(lines, "\n")
}
