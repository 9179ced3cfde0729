package observability

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// prometheus is one that scrapes gateways every second.
type prometheus struct {
	t      *testing.T
	url    string
	log    string
	folder string
}

// write makes a file in Prometheus's folder, at once.
func (p *prometheus) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.folder, name)
	require.NoError(p.t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(p.t, os.Rename(path+".new", path))
	return path
}

// startPrometheus has it scrape the gateway until the test ends.
func startPrometheus(t *testing.T, gateway, rules string) *prometheus {
	t.Helper()
	folder, port := t.TempDir(), harness.FreePort(t)
	p := &prometheus{t: t, url: fmt.Sprintf("http://127.0.0.1:%d", port), log: filepath.Join(folder, "log"), folder: folder}
	p.write("rules.yml", rules)
	p.scrape(gateway)
	config := p.write("prometheus.yml", `
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [rules.yml]
scrape_configs:
  - job_name: caddy-dcr
    file_sd_configs:
      - files: [targets.json]
        refresh_interval: 1s
`)
	log, err := os.Create(p.log)
	require.NoError(t, err)
	defer log.Close()
	command := exec.Command("prometheus", "--config.file", config, "--storage.tsdb.path", filepath.Join(folder, "data"),
		"--web.listen-address", fmt.Sprintf("127.0.0.1:%d", port), "--enable-feature", "exemplar-storage")
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(p.log)
			t.Logf("log of Prometheus:\n%s", said)
		}
	})
	harness.Eventually(t, "for Prometheus to answer", func() bool {
		response, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return p
}

// get asks the API of Prometheus, and decodes the data that it answers.
func (p *prometheus) get(path string, parameters url.Values, into any) {
	p.t.Helper()
	response, err := http.Get(p.url + path + "?" + parameters.Encode())
	require.NoError(p.t, err)
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(&answer))
	require.Equal(p.t, "success", answer.Status, "%s %v: %s", path, parameters, answer.Error)
	require.NoError(p.t, json.Unmarshal(answer.Data, into))
}

// point is one element of a query's result.
type point struct {
	labels map[string]string
	value  float64
}

// query evaluates the expression now. What is not a number is left out: a
// panel would show nothing there.
func (p *prometheus) query(expr string) []point {
	p.t.Helper()
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	p.get("/api/v1/query", url.Values{"query": {expr}}, &data)
	var points []point
	for _, r := range data.Result {
		value, err := strconv.ParseFloat(r.Value[1].(string), 64)
		require.NoError(p.t, err)
		if !math.IsNaN(value) {
			points = append(points, point{r.Metric, value})
		}
	}
	return points
}

// firing lists the alerts that have fired in the time, or fire now.
func (p *prometheus) firing(within time.Duration) map[string]bool {
	p.t.Helper()
	names := map[string]bool{}
	for _, point := range p.query(fmt.Sprintf(`max_over_time(ALERTS{alertstate="firing"}[%s])`, within)) {
		names[point.labels["alertname"]] = true
	}
	return names
}

// Windows of the rules, and what they are in a test that has a minute.
var hurried = map[string]string{
	"1m": "2s", "2m": "10s", "5m": "10s", "10m": "10s", "15m": "15s", "30m": "15s", "1h": "20s", "6h": "30s",
}

var window = regexp.MustCompile(`(\[|offset |for: )(\d+[mh])\b`)

// hurry copies the rules with shorter windows, with a state that is old after
// four seconds instead of thirty, and a census after eight instead of a day.
func hurry(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../../docs/prometheus/rules.yml")
	require.NoError(t, err)
	text := window.ReplaceAllStringFunc(string(rules), func(found string) string {
		parts := window.FindStringSubmatch(found)
		require.Contains(t, hurried, parts[2], "a window that this test does not know")
		return parts[1] + hurried[parts[2]]
	})
	text = regexp.MustCompile(`(replica_age_seconds > )30\b`).ReplaceAllString(text, "${1}4")
	return regexp.MustCompile(`(census_age_seconds > )86400\b`).ReplaceAllString(text, "${1}8")
}

// parameters are those of a question about the last ten minutes.
func parameters(query string) url.Values {
	now := time.Now()
	unix := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	return url.Values{"query": {query}, "start": {unix(now.Add(-10 * time.Minute))}, "end": {unix(now.Add(time.Minute))}}
}

// decode reads a part of a JWS.
func decode(t *testing.T, encoded string, into any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}
