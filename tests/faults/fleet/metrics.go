package fleet

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Metrics answers the gateway's samples of a metric, a line each.
func Metrics(gateway *harness.Gateway, name string) ([]string, error) {
	response, err := admin.Get("http://" + gateway.Admin + "/metrics")
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name); found && strings.IndexAny(rest, "{ ") == 0 {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines, nil
}

// Metric answers the value of a metric without labels.
func Metric(gateway *harness.Gateway, name string) (float64, error) {
	lines, err := Metrics(gateway, name)
	if err != nil {
		return 0, err
	}
	if len(lines) != 1 {
		return 0, fmt.Errorf("metric %s: want one sample, got %q", name, lines)
	}
	return strconv.ParseFloat(strings.TrimPrefix(lines[0], name+" "), 64)
}
