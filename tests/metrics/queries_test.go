package metrics

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	series   = regexp.MustCompile(`caddy_dcr_[a-z0-9_]*[a-z0-9](\{[^}]*\})?`)
	recorded = regexp.MustCompile(`caddy_dcr:[a-z0-9_:]*[a-z0-9]`)
	matcher  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring) \(([^)]*)\)`)
	suffix   = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// check fails the test when a query asks for a metric, a label or a value of a
// label that there is not.
func check(t *testing.T, there map[string]metric, where, query string) {
	t.Helper()
	labels := []string{"instance"} // which Prometheus adds itself
	found := series.FindAllString(query, -1)
	if len(found) == 0 && !recorded.MatchString(query) {
		assert.Fail(t, "asks for no metric of ours", "%s: %s", where, query)
	}
	for _, selector := range found {
		name, matchers, _ := strings.Cut(selector, "{")
		m, ok := there[name]
		if family := suffix.ReplaceAllString(name, ""); !ok && there[family].Type == "histogram" {
			m, ok = there[family], true
			labels = append(labels, "le")
		}
		if !assert.True(t, ok, "%s: there is no %s", where, name) {
			continue
		}
		for label := range m.Labels {
			labels = append(labels, label)
		}
		for _, match := range matcher.FindAllStringSubmatch(matchers, -1) {
			checkMatcher(t, m, where, name, match[1], match[2], match[3])
		}
	}
	if len(found) == 0 {
		return // what was recorded has been checked where it is recorded
	}
	for _, group := range grouping.FindAllStringSubmatch(query, -1) {
		for _, label := range strings.Split(group[1], ", ") {
			assert.Contains(t, labels, label, "%s groups by it: %s", where, query)
		}
	}
}

func checkMatcher(t *testing.T, m metric, where, name, label, operator, wanted string) {
	t.Helper()
	values, ok := m.Labels[label]
	switch {
	case label == "le" && m.Type == "histogram", label == "profile":
	case !assert.True(t, ok, "%s: %s has no label %s", where, name, label):
	case operator == "=" || operator == "!=":
		assert.Contains(t, values, wanted, "%s: %s{%s}", where, name, label)
	default:
		for _, alternative := range strings.Split(wanted, "|") {
			pattern, err := regexp.Compile("^(?:" + alternative + ")$")
			require.NoError(t, err, where)
			assert.True(t, slices.ContainsFunc(values, pattern.MatchString), "%s: %s{%s}: nothing matches %s", where, name, label, alternative)
		}
	}
}

// panel is what we read of Grafana's.
type panel struct {
	Title, Type, Description string
	Targets                  []struct{ Expr, RefID string }
}

// Grafana's dashboards, by the name of the file.
func dashboards(t *testing.T) map[string][]panel {
	t.Helper()
	files, err := filepath.Glob("../../docs/grafana/*.json")
	require.NoError(t, err)
	found := map[string][]panel{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var board struct {
			UID, Title string
			Panels     []panel
		}
		require.NoError(t, json.Unmarshal(content, &board), file)
		assert.NotEmpty(t, board.UID, file)
		assert.NotEmpty(t, board.Title, file)
		found[filepath.Base(file)] = board.Panels
	}
	require.Contains(t, found, "operator.json")
	require.Contains(t, found, "programmer.json")
	return found
}

func TestEveryPanelAsksAQuestionOfMetricsThatThereAre(t *testing.T) {
	there := exposed(t)
	for file, panels := range dashboards(t) {
		titles := map[string]bool{}
		for _, p := range panels {
			assert.False(t, titles[p.Title], "%s: two panels are called %q", file, p.Title)
			titles[p.Title] = true
			if p.Type == "row" {
				continue
			}
			where := file + ": " + p.Title
			assert.True(t, strings.HasSuffix(p.Title, "?"), "%s is no question", where)
			assert.NotEmpty(t, p.Description, where)
			assert.NotEmpty(t, p.Targets, where)
			for _, target := range p.Targets {
				check(t, there, where, target.Expr)
			}
		}
	}
}
