package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

func TestEveryOutcomeOfWhatClientsOwnIsCountedForItself(t *testing.T) {
	m := New()
	for _, outcome := range oauth.RevocationOutcomes {
		m.TokenGivenBack(outcome)
		assert.EqualValues(t, 1, count(t, m, "token_revocations_total", string(outcome)))
	}
	for _, outcome := range oauth.IntrospectionOutcomes {
		m.Introspected(outcome)
		assert.EqualValues(t, 1, count(t, m, "introspections_total", string(outcome)))
	}
	for _, outcome := range registration.ManagedOutcomes {
		m.RegistrationManaged(outcome)
		assert.EqualValues(t, 1, count(t, m, "managed_registrations_total", string(outcome)))
	}
}
