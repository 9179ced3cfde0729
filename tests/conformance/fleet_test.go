package conformance

import (
	"testing"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/fleet"
)

// fleetIssuer is what the gateways of a fleet call themselves.
const fleetIssuer = "http://fleet.test"

// newFleet starts two gateways that share one store.
func newFleet(t *testing.T, options string) (one, two *world) {
	t.Helper()
	return newFleetOver(t, redistest.Start(t, redistest.Options{}), options)
}

func newFleetOver(t *testing.T, redis *redistest.Server, options string) (one, two *world) {
	t.Helper()
	setSecrets(t)
	store := "redis " + redis.URL()
	gateways := fleet.Start(t, fleet.Config{Stores: []string{store, store}, Staleness: 5 * time.Minute, Options: knownServer + options})
	one, two = &world{Gateway: gateways[0]}, &world{Gateway: gateways[1]}
	one.enrol()
	two.application, two.statement = one.application, one.statement
	return one, two
}
