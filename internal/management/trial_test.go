package management_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
)

// trier answers what it was told to, and remembers what it was asked.
type trier struct {
	entries   []explain.Entry
	err       error
	request   management.RequestTrial
	token     string
	statement management.StatementTrial
}

func (t *trier) Request(_ context.Context, q management.RequestTrial) ([]explain.Entry, error) {
	t.request = q
	return t.entries, t.err
}

func (t *trier) Token(_ context.Context, raw string) explain.Entry {
	t.token = raw
	return t.entries[0]
}

func (t *trier) Statement(_ context.Context, q management.StatementTrial) explain.Entry {
	t.statement = q
	return t.entries[0]
}

func TestATrialIsAllowedWhereEveryGuardAllows(t *testing.T) {
	w := newWorld(t)
	yes := explain.Entry{Decider: explain.Guard, Reason: string(guard.Allowed)}
	no := explain.Entry{Decider: explain.Guard, Reason: string(guard.ScopeMissing)}
	q := management.RequestTrial{Method: "GET", Path: "/a"}
	for _, c := range []struct {
		entries []explain.Entry
		want    bool
	}{{[]explain.Entry{yes}, true}, {[]explain.Entry{yes, yes}, true}, {[]explain.Entry{yes, no}, false}, {[]explain.Entry{no, yes}, false}} {
		w.Trials = &trier{entries: c.entries}
		trial, err := w.TryRequest(within(t), ann, q)
		require.NoError(t, err)
		assert.Equal(t, c.want, trial.Allowed)
		assert.Len(t, trial.Results, len(c.entries))
	}
}

func TestWhatIsTriedIsReadFirst(t *testing.T) {
	w := newWorld(t)
	asked := &trier{entries: []explain.Entry{{Decider: explain.Registration, Reason: string(registration.Registered)}}}
	w.Trials = asked
	trial, err := w.TryToken(within(t), ann, " token\n")
	require.NoError(t, err)
	assert.Equal(t, "token", asked.token)
	assert.True(t, trial.Allowed)
	_, err = w.TryStatement(within(t), ann, management.StatementTrial{Statement: " a.b.c\n", Platform: "apple-tv"})
	require.NoError(t, err)
	assert.Equal(t, management.StatementTrial{Statement: "a.b.c", Platform: "tvOS"}, asked.statement)

	_, err = w.TryToken(within(t), ann, " \n")
	assertFault(t, management.Invalid, "token", "got nothing", err)
	_, err = w.TryStatement(within(t), ann, management.StatementTrial{})
	assertFault(t, management.Invalid, "software_statement", "got nothing", err)
	_, err = w.TryStatement(within(t), ann, management.StatementTrial{Statement: "a.b.c", Platform: "Betamax"})
	assertFault(t, management.Invalid, "platform", "Betamax", err)
	_, err = w.TryToken(within(t), refAdmin, "token")
	assertFault(t, management.Forbidden, "", "trial.run", err)
	_, err = w.TryRequest(within(t), ann, management.RequestTrial{Path: "/a"})
	assertFault(t, management.Invalid, "method", "got nothing", err)
	_, err = w.TryRequest(within(t), ann, management.RequestTrial{Method: "GET", Path: "a"})
	assertFault(t, management.Invalid, "path", `got "a"`, err)
	asked.err = errors.New("no request")
	_, err = w.TryRequest(within(t), ann, management.RequestTrial{Method: "GET", Path: "/a"})
	assertFault(t, management.Invalid, "", "no request", err)
}
