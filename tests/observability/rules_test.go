package observability

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// promtool runs in the folder of the rules, as an operator would.
func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	command := exec.Command("promtool", arguments...)
	command.Dir = "../../docs/prometheus"
	output, err := command.CombinedOutput()
	require.NoError(t, err, "promtool %v:\n%s", arguments, output)
}

func TestPrometheusReadsTheRules(t *testing.T) {
	promtool(t, "check", "rules", "rules.yml")
}

func TestTheAlertsFireWhenTheyShouldAndOnlyThen(t *testing.T) {
	promtool(t, "test", "rules", "rules_test.yml")
}
