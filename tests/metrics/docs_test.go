package metrics

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/metrics"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

var update = flag.Bool("update", false, "write the table of reasons instead of comparing it")

const (
	page = "../../docs/metrics.md"
	// The table of reasons stands between these two lines.
	tableBegins = "<!-- reasons: written by go test ./tests/metrics -update -->\n"
	tableEnds   = "<!-- end of reasons -->\n"

	// What the page says in place of values.
	namedByConfiguration = "the name of the protected API in the configuration"
	seeTheTable          = "see the table"
	listed               = "what the configuration lists, and `other`"
)

// metric is what the page must say of a metric.
type metric struct {
	Type string
	// Labels holds the sorted values of each label; nil is any.
	Labels map[string][]string
}

// everyKey has a key for each use.
type everyKey struct{}

func (everyKey) Age(state.KeyUse) (time.Duration, bool) { return time.Hour, true }

func (everyKey) Due(use state.KeyUse) (time.Duration, bool) {
	return time.Hour, use != state.KeyForSecrets
}

// everyPlatform lists all that can be listed.
func everyPlatform() map[string]string {
	labels := map[string]string{}
	for _, platform := range device.Platforms {
		if platform != device.Other {
			labels[string(platform)] = string(platform)
		}
	}
	return labels
}

// exposed reads what a scrape sees, with everything there that can be.
func exposed(t *testing.T) map[string]metric {
	t.Helper()
	m := metrics.New()
	m.ForProfile("rest_v2")
	m.ForThrottled("rest_v2")
	m.TrackReplica(&state.Replica{})
	applications := m.Applications(map[uuid.UUID]string{{1}: "demo"})
	applications.Show()
	applications.ForProfile("rest_v2")
	platforms := m.Platforms(everyPlatform())
	platforms.Show()
	platforms.ForProfile("rest_v2")
	m.TrackCensus(func() *state.Census { return &state.Census{} }, time.Now, map[uuid.UUID]string{{1}: "demo"})
	m.TrackKeys(everyKey{})
	m.TrackStatements(func() (time.Duration, bool) { return time.Hour, true })
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	families, err := registry.Gather()
	require.NoError(t, err)

	found := map[string]metric{}
	for _, family := range families {
		labels := map[string][]string{}
		for _, child := range family.GetMetric() {
			for _, pair := range child.GetLabel() {
				labels[pair.GetName()] = append(labels[pair.GetName()], pair.GetValue())
			}
		}
		for name, values := range labels {
			slices.Sort(values)
			labels[name] = slices.Compact(values)
		}
		for _, configured := range []string{"profile", "application"} {
			if labels[configured] != nil {
				labels[configured] = nil
			}
		}
		found[family.GetName()] = metric{Type: strings.ToLower(family.GetType().String()), Labels: labels}
	}
	return found
}

var (
	labelLine = regexp.MustCompile("^- `([a-z_]+)`: (.+)$")
	valueList = regexp.MustCompile("^`[A-Za-z_]+`(, `[A-Za-z_]+`)*$")
)

// described reads the same from the page.
func described(t *testing.T) map[string]metric {
	t.Helper()
	found := map[string]metric{}
	for _, section := range strings.Split(text(t), "\n### ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		name := strings.Trim(heading, "`")
		m := metric{Labels: map[string][]string{}}
		for line := range strings.Lines(body) {
			line = strings.TrimSuffix(line, "\n")
			if kind, ok := strings.CutPrefix(line, "- Type: "); ok {
				m.Type = kind
			} else if label := labelLine.FindStringSubmatch(line); label != nil {
				m.Labels[label[1]] = values(t, name, label[1], label[2])
			}
		}
		require.NotContains(t, found, name, "%s has two sections", name)
		found[name] = m
	}
	return found
}

func values(t *testing.T, name, label, described string) []string {
	t.Helper()
	switch described {
	case namedByConfiguration, listed:
		return nil
	case seeTheTable:
		var reasons []string
		for _, reason := range guard.Reasons {
			reasons = append(reasons, string(reason))
		}
		slices.Sort(reasons)
		return reasons
	}
	require.Regexp(t, valueList, described, "%s: label %s", name, label)
	list := strings.Split(strings.ReplaceAll(described, "`", ""), ", ")
	slices.Sort(list)
	return list
}

func text(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	return string(content)
}

func TestThePageDescribesTheMetricsThatThereAre(t *testing.T) {
	there, page := exposed(t), described(t)
	for name, want := range there {
		if assert.Contains(t, page, name, "the page lacks a metric") {
			assert.Equal(t, want, page[name], name)
		}
	}
	for name := range page {
		assert.Contains(t, there, name, "the page describes a metric that there is not")
	}
}

func TestEverySectionSaysWhatItTellsAndWhatToDo(t *testing.T) {
	for _, section := range strings.Split(text(t), "\n### ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		section, _, _ = strings.Cut(body, "\n## ")
		assert.Contains(t, section, "\n\nWhat to do: ", name)
		tells, _, _ := strings.Cut(section, "\n\nWhat to do: ")
		paragraphs := strings.Split(strings.TrimSpace(tells), "\n\n")
		assert.GreaterOrEqual(t, len(paragraphs), 2, "%s: what does it tell", name)
	}
}

var mentioned = regexp.MustCompile("caddy_dcr_[a-z0-9_]*[a-z0-9]")

func TestEveryNameOnThePageIsThatOfASeries(t *testing.T) {
	there := exposed(t)
	for _, name := range mentioned.FindAllString(text(t), -1) {
		if _, ok := there[name]; ok {
			continue
		}
		family := regexp.MustCompile("_(bucket|sum|count)$").ReplaceAllString(name, "")
		assert.Equal(t, "histogram", there[family].Type, "no metric has the series %s", name)
	}
}

func TestTheTableOfReasonsIsCurrent(t *testing.T) {
	before, rest, found := strings.Cut(text(t), tableBegins)
	require.True(t, found, "the page has no table of reasons")
	got, after, found := strings.Cut(rest, tableEnds)
	require.True(t, found, "the table of reasons has no end")

	var want strings.Builder
	want.WriteString("| `reason` | `outcome` | What it means |\n|---|---|---|\n")
	for _, reason := range guard.Reasons {
		fmt.Fprintf(&want, "| `%s` | `%s` | %s |\n", reason, metrics.DecisionOutcomeOf(reason), reason.Message())
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+tableBegins+want.String()+tableEnds+after), 0o600))
		return
	}
	assert.Equal(t, want.String(), got, "run go test ./tests/metrics -update")
}
