package metrics

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oauth"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

func TestIssuingCountsEveryOutcomeForItself(t *testing.T) {
	m := New()
	for _, outcome := range registration.Outcomes {
		m.Registered(outcome, time.Now(), Trace{})
		assert.EqualValues(t, 1, count(t, m, "registrations_total", string(outcome)))
	}
	assert.EqualValues(t, len(registration.Outcomes), count(t, m, "registration_duration_seconds"))
	for _, outcome := range oauth.Outcomes {
		m.TokenRequested(outcome, time.Now(), Trace{})
		assert.EqualValues(t, 1, count(t, m, "tokens_total", string(outcome)))
	}
	assert.EqualValues(t, len(oauth.Outcomes), count(t, m, "token_duration_seconds"))
	for _, source := range device.Sources {
		m.DeviceDescribed(source)
		assert.EqualValues(t, 1, count(t, m, "device_source_total", string(source)))
	}
	for _, method := range oauth.AuthMethods {
		m.TokenRequestRead(method)
		assert.EqualValues(t, 1, count(t, m, "token_auth_methods_total", string(method)))
	}
	for _, platform := range device.Platforms {
		m.ClientRegistered(platform, platform == device.Roku)
		assert.EqualValues(t, 1, count(t, m, "registered_clients_total", string(platform)))
	}
	assert.EqualValues(t, 1, count(t, m, "platform_mismatches_total"))
}
