package soak

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// executioner kills a new client each time, through the gateways in turn.
type executioner struct {
	crowd          *crowd.Crowd
	gateways       []*harness.Gateway
	killed, failed int
}

// kill fails while Redis starts; the client may be dead then or not, and is
// not heard of again.
func (e *executioner) kill() {
	via := (e.killed + e.failed) % len(e.gateways)
	doomed, err := e.crowd.Enroll(via)
	if err == nil {
		err = fleet.Kill(e.gateways[via], doomed.ID)
	}
	if err != nil {
		e.failed++
		return
	}
	e.crowd.Bury(doomed)
	e.killed++
}

// memory is how much each gateway has in RAM, in KiB.
func memory(t *testing.T, gateways []*harness.Gateway) []int {
	t.Helper()
	all := make([]int, len(gateways))
	for i, gateway := range gateways {
		output, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(gateway.PID())).Output()
		require.NoError(t, err, "ps")
		all[i], err = strconv.Atoi(strings.TrimSpace(string(output)))
		require.NoError(t, err)
	}
	return all
}

// decisions are the gateway's own counters of what it decided and why.
func decisions(t *testing.T, gateway *harness.Gateway) string {
	t.Helper()
	lines, err := fleet.Metrics(gateway, "caddy_dcr_decisions_total")
	require.NoError(t, err)
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasSuffix(line, " 0") }), "\n")
}
