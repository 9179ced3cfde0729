package faults

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/faultproxy"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// oneOfTwo is what befalls the second gateway's way to a Redis that is well,
// while a client is killed, and an application made, through the first.
func oneOfTwo(t *testing.T, r *results) {
	stores, proxies := behind(t)
	l := open(t, r, stores, "")
	for _, c := range []struct {
		name  string
		fault faultproxy.Fault
		knowledge
	}{
		{"one gateway: black hole", faultproxy.Fault{Kind: faultproxy.Blackhole, On: faultproxy.Both}, silent},
		{"one gateway: replies cut, then silence", faultproxy.Fault{Kind: faultproxy.CutHang}, silent},
		{"one gateway: replies to other commands", faultproxy.Fault{Kind: faultproxy.Swap}, patchy},
		{"one gateway: replies 1 s late", faultproxy.Fault{Kind: faultproxy.Delay, Delay: time.Second}, patchy},
	} {
		t.Run(c.name, func(t *testing.T) {
			doomed, err := l.crowd.Enroll(0)
			require.NoError(t, err)
			l.suffer(t, disorder{
				name: c.name, lasts: long, knowledge: c.knowledge, only: 2,
				begin: spoil(proxies[1:], c.fault),
				during: func(t *testing.T) {
					r, err := fleet.Revoke(l.gateways[0], doomed.ID)
					require.NoError(t, err)
					if c.knowledge == silent {
						assert.False(t, r.Applied, "the answer tells that a gateway has not applied the kill: %+v", r)
					}
					// The first gateway knows at once, the second within the bound.
					l.crowd.Bury(doomed, 0, staleness)
					l.newcomer(t)
				},
			})
		})
	}
}

// newcomer is a client of an application that the second gateway cannot have
// heard of. It may be asked to wait, and must not be blamed.
func (l *lane) newcomer(t *testing.T) {
	t.Helper()
	first, second := l.gateways[0], l.gateways[1]
	_, client, token := first.Enroll(fleet.App())
	statement := first.IssueStatement(first.CreateApp(fleet.App()))
	for name, answer := range map[string]harness.Answer{
		"its call":                     second.Do(http.MethodGet, fleet.Call, "", token.Bearer()),
		"its token request":            second.PostToken(client.Form()),
		"a registration of its device": second.PostRegister(`{"software_statement":"` + statement + `"}`),
	} {
		assert.Contains(t, []int{http.StatusOK, http.StatusCreated, http.StatusServiceUnavailable}, answer.Status,
			"%s at a gateway that has not heard of its application: %s", name, answer.Body)
	}
}
