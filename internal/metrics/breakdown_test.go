package metrics

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
)

var (
	demo, stranger = uuid.UUID{1}, uuid.UUID{2}
	demoListed     = map[uuid.UUID]string{demo: "demo"}
)

func TestRequestsAreCountedByWhatIsListedAndAllElseTogether(t *testing.T) {
	m := New()
	b := m.Applications(demoListed)
	defer b.Show()()
	calls := b.ForProfile("rest_v2")
	for range 3 {
		b.Registered(demo, DecisionAllowed)
		b.TokenRequested(demo, DecisionRefused)
		calls.Decided(demo, DecisionUnavailable)
	}
	b.Registered(stranger, DecisionAllowed)
	b.Registered(uuid.New(), DecisionAllowed)
	calls.Decided(stranger, DecisionAllowed)
	assert.EqualValues(t, 3, count(t, m, "application_registrations_total", "demo", "allowed"))
	assert.EqualValues(t, 2, count(t, m, "application_registrations_total", "other", "allowed"))
	assert.EqualValues(t, 3, count(t, m, "application_tokens_total", "demo", "refused"))
	assert.EqualValues(t, 3, count(t, m, "application_decisions_total", "demo", "unavailable", "rest_v2"))
	assert.EqualValues(t, 1, count(t, m, "application_decisions_total", "other", "allowed", "rest_v2"))
	assert.Len(t, gather(t, m)["application_registrations_total"].GetMetric(), 2*len(DecisionOutcomes), "nobody else has a series")
	assert.NotContains(t, gather(t, m), "platform_registrations_total", "nobody listed one")
}

func TestAReloadResetsNoSeriesAndTakesThoseAwayThatNobodyLists(t *testing.T) {
	m := New()
	first := m.Applications(demoListed)
	hide := first.Show()
	first.TokenRequested(demo, DecisionAllowed)

	failed := m.Applications(map[uuid.UUID]string{stranger: "stranger"})
	assert.Nil(t, find(gather(t, m)["application_tokens_total"], "stranger", "allowed"), "a configuration that does not run shows nothing")
	failed.Release()
	assert.EqualValues(t, 1, count(t, m, "application_tokens_total", "demo", "allowed"))

	second := m.Applications(map[uuid.UUID]string{demo: "demo", stranger: "stranger"})
	hideSecond := second.Show()
	hide()
	hide()
	first.Release()
	second.TokenRequested(demo, DecisionAllowed)
	assert.EqualValues(t, 2, count(t, m, "application_tokens_total", "demo", "allowed"), "what stays listed counts on")
	assert.EqualValues(t, 0, count(t, m, "application_tokens_total", "stranger", "allowed"), "it is there from the start")

	third := m.Applications(map[uuid.UUID]string{stranger: "stranger"})
	third.Show()
	hideSecond()
	second.Release()
	tokens := gather(t, m)["application_tokens_total"]
	assert.Nil(t, find(tokens, "demo", "allowed"), "nobody lists it any more")
	assert.NotNil(t, find(tokens, "stranger", "allowed"))
}

func TestWhereNothingIsListedNothingIsCounted(t *testing.T) {
	var none *Breakdown[uuid.UUID]
	none.Registered(demo, DecisionAllowed)
	none.TokenRequested(demo, DecisionAllowed)
	none.ForProfile("rest_v2").Decided(demo, DecisionAllowed)
	none.Show()()
	none.Release()
}

func BenchmarkBreakdown(b *testing.B) {
	p := New().ForProfile("rest_v2")
	p.Decided(guard.Allowed, p.Begin(), Trace{})
	listed := map[uuid.UUID]string{}
	for i := range byte(100) {
		listed[uuid.UUID{i}] = uuid.UUID{i}.String()
	}
	m := New()
	applications := m.Applications(listed).ForProfile("rest_v2")
	platforms := m.Platforms(map[string]string{"Roku": "Roku", "tvOS": "tvOS", "Tizen": "Tizen"}).ForProfile("rest_v2")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			applications.Decided(demo, DecisionAllowed)
			platforms.Decided("Tizen", DecisionAllowed)
		}
	})
}
