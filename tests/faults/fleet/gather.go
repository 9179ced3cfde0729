package fleet

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/tests/faults/crowd"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// acquainted is how many devices every gateway knows before anything happens.
const acquainted = 4

// Gather makes an application and a crowd of its devices before the gateways,
// some of which every gateway knows, and one of which was killed.
func Gather(tb testing.TB, gateways []*harness.Gateway) *crowd.Crowd {
	tb.Helper()
	first := gateways[0]
	application := first.CreateApp(App())
	var urls []string
	for _, gateway := range gateways {
		urls = append(urls, gateway.URL)
	}
	c := crowd.New(urls, Call, first.IssueStatement(application))
	if err := c.Acquaint(acquainted); err != nil {
		tb.Fatal(err)
	}
	doomed, err := c.Enroll(0)
	if err == nil {
		err = Kill(first, doomed.ID)
	}
	if err != nil {
		tb.Fatal(err)
	}
	c.Bury(doomed)
	return c
}

// App is an application whose clients may do [Call].
func App() harness.App {
	return harness.App{Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}}
}
