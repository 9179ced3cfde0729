package metrics

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	rulesFile   = "../../docs/prometheus/rules.yml"
	rulesCases  = "../../docs/prometheus/rules_test.yml"
	runbookFile = "../../docs/operations.md"
	runbookURL  = "https://github.com/caddy-dcr/caddy-dcr/blob/main/docs/operations.md#"
)

// rule is what we read of one. That the file is what Prometheus reads, promtool
// says in tests/observability.
type rule struct {
	kind, name, expr, text string
}

var (
	ruleBegins = regexp.MustCompile(`(?m)^ +- (record|alert): (\S+)\n`)
	exprOf     = regexp.MustCompile(`(?m)^( +)expr: (?:\|\n((?:  +.*\n)+?)( +labels:|\n)|(.+)\n)`)
	runbookOf  = regexp.MustCompile(`(?m)^ +runbook_url: (\S+)$`)
	severityOf = regexp.MustCompile(`(?m)^ +severity: (page|ticket)$`)
	summaryOf  = regexp.MustCompile(`(?m)^ +summary: .+$`)
)

func rules(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile(rulesFile)
	require.NoError(t, err)
	text := string(content)
	var found []rule
	places := ruleBegins.FindAllStringSubmatchIndex(text, -1)
	for i, place := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		r := rule{kind: text[place[2]:place[3]], name: text[place[4]:place[5]], text: text[place[0]:end]}
		expr := exprOf.FindStringSubmatch(r.text)
		require.NotNil(t, expr, r.name)
		r.expr = expr[2] + expr[4]
		found = append(found, r)
	}
	require.NotEmpty(t, found)
	return found
}

func TestEveryRuleAsksForMetricsThatThereAre(t *testing.T) {
	there := exposed(t)
	known := map[string]bool{}
	for _, r := range rules(t) {
		check(t, there, r.name, r.expr)
		for _, name := range recorded.FindAllString(r.expr, -1) {
			assert.True(t, known[name], "%s asks for %s, which nothing before it records", r.name, name)
		}
		if r.kind == "record" {
			known[r.name] = true
		}
	}
}

// anchors are those that GitHub gives the headings of a page.
func anchors(t *testing.T, file string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	sections := map[string]string{}
	for _, section := range regexp.MustCompile(`(?m)^#{2,3} `).Split(string(content), -1)[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		anchor := strings.ReplaceAll(strings.ToLower(heading), " ", "-")
		sections[regexp.MustCompile(`[^a-z0-9-]`).ReplaceAllString(anchor, "")] = body
	}
	return sections
}

func TestEveryAlertSaysHowBadItIsAndLeadsToWhatToDo(t *testing.T) {
	sections := anchors(t, runbookFile)
	for _, r := range rules(t) {
		if r.kind != "alert" {
			continue
		}
		assert.Regexp(t, severityOf, r.text, r.name)
		assert.Regexp(t, summaryOf, r.text, r.name)
		url := runbookOf.FindStringSubmatch(r.text)
		if !assert.NotNil(t, url, "%s has no runbook_url", r.name) {
			continue
		}
		anchor, ours := strings.CutPrefix(url[1], runbookURL)
		assert.True(t, ours, "%s: %s", r.name, url[1])
		if assert.Contains(t, sections, anchor, "%s: there is no such section", r.name) {
			assert.Contains(t, sections[anchor], "`"+r.name+"`", "the section does not say that the alert leads there")
		}
	}
}

func TestEveryAlertFiresInACaseOfItsOwn(t *testing.T) {
	cases, err := os.ReadFile(rulesCases)
	require.NoError(t, err)
	for _, r := range rules(t) {
		if r.kind == "alert" {
			assert.Contains(t, string(cases), `{alertname="`+r.name+`"}`)
		}
	}
}
