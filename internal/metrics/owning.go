package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// owning counts what clients do to what is their own, by the RFCs.
type owning struct {
	revocations    counters[oauth.AboutOutcome]
	introspections counters[oauth.AboutOutcome]
	managed        counters[registration.Managed]
}

func (o *owning) build() []prometheus.Collector {
	var revocations, introspections, managed prometheus.Collector
	o.revocations, revocations = newCounters("token_revocations_total",
		"Requests of clients to revoke a token of their own, by what came of them.", "outcome", oauth.RevocationOutcomes)
	o.introspections, introspections = newCounters("introspections_total",
		"Requests to say what a token is worth, by what came of them.", "outcome", oauth.IntrospectionOutcomes)
	o.managed, managed = newCounters("managed_registrations_total",
		"Requests of clients to read or end their registration, by what came of them.", "outcome", registration.ManagedOutcomes)
	return []prometheus.Collector{revocations, introspections, managed}
}

// TokenGivenBack counts a request of a client to revoke a token.
func (o *owning) TokenGivenBack(outcome oauth.AboutOutcome) { o.revocations.add(outcome) }

// Introspected counts a request to say what a token is worth.
func (o *owning) Introspected(outcome oauth.AboutOutcome) { o.introspections.add(outcome) }

// RegistrationManaged counts a request of a client about its registration.
func (o *owning) RegistrationManaged(outcome registration.Managed) { o.managed.add(outcome) }
