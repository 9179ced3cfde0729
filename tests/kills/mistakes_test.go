package kills

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func TestASlipIsToldAndStopsNothing(t *testing.T) {
	t.Parallel()
	w := start(t, settings{})
	before := ask[management.Kills](t, w.first(), "kills", "list")
	for name, c := range map[string]struct {
		arguments []string
		status    int
		text      string
	}{
		"a kind that is none":              {[]string{"revoke", "planet", "Mars"}, 2, `kind: got "planet", want one of token, client, statement, application, platform, channel, issuer, key`},
		"no kind":                          {[]string{"revoke"}, 2, "missing the kind"},
		"no id":                            {[]string{"revoke", "client"}, 2, "missing the id"},
		"an id too many":                   {[]string{"revoke", "client", one, one}, 2, "too many arguments"},
		"a client that is no UUID":         {[]string{"revoke", "client", "demo"}, 2, `id: got "demo", want a UUID`},
		"a token in place of its id":       {[]string{"revoke", "token", "e30.e30.e30"}, 2, "want a UUID"},
		"a platform that is unheard of":    {[]string{"revoke", "platform", "Betamax"}, 2, "want one of Android"},
		"a channel with a slash":           {[]string{"revoke", "channel", "a/b"}, 2, "want the id of a channel"},
		"an issuer without a name":         {[]string{"revoke", "issuer", ""}, 2, "want the name of the issuer"},
		"a client that is not there":       {[]string{"revoke", "client", one}, 1, "there is no client " + one},
		"a statement that is not there":    {[]string{"revoke", "statement", one}, 1, "there is no statement " + one},
		"an application that is not there": {[]string{"revoke", "application", one}, 1, "there is no application " + one},
		"not even by force":                {[]string{"revoke", "application", one, "--allow-unknown"}, 1, "there is no application " + one},
		"an issuer that nobody trusts":     {[]string{"revoke", "issuer", "evil.example"}, 1, "there is no issuer evil.example"},
		"a key that looks like flags":      {[]string{"revoke", "key", "-theirs"}, 2, "write -- before it"},
		"the same, written as said":        {[]string{"revoke", "--", "key", "-theirs"}, 1, "there is no key -theirs"},
		"a key that is not ours":           {[]string{"revoke", "key", "theirs"}, 1, "there is no key theirs"},
		"a reason of two lines":            {[]string{"revoke", "channel", "CH1", "--reason", "a\nb"}, 2, "one line"},
		"what does not come back":          {[]string{"unrevoke", "client", one}, 2, "only a platform or a channel comes back"},
		"a kind that is none, back":        {[]string{"unrevoke", "planet", "Mars"}, 2, `kind: got "planet"`},
		"a channel that was not revoked":   {[]string{"unrevoke", "channel", "CH1"}, 1, "channel CH1 is not revoked"},
		"kills of a kind that is none":     {[]string{"kills", "list", "--kind", "planet"}, 2, `kind: got "planet"`},
	} {
		t.Run(name, func(t *testing.T) {
			result := w.first().DCR(c.arguments...)
			assert.Equal(t, c.status, result.Status, result.Stderr)
			assert.Contains(t, result.Stderr, "error: ")
			assert.Contains(t, result.Stderr, c.text)
			assert.Contains(t, result.Stderr, "hint:  ")
			assert.Empty(t, result.Stdout)
		})
	}
	assert.Equal(t, before, ask[management.Kills](t, w.first(), "kills", "list"))
}

func TestRevokingTwiceChangesNothing(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		p := w.admit(t, w.issue(t, w.common), "", "CH1")
		last := w.gateways[len(w.gateways)-1]
		w.first().MustDCR("revoke", "client", p.client.ClientID, "--reason", "lost device", "--by", "ann")
		text := last.MustDCR("revoke", "client", p.client.ClientID, "--reason", "another", "--by", "bob")
		assert.Contains(t, text, "client "+p.client.ClientID+" was revoked already\n")
		assert.Regexp(t, `by +ann\n`, text)
		assert.Regexp(t, `reason +lost device\n`, text)
		kills := ask[management.Kills](t, last, "kills", "list", "--kind", "client").Kills
		require.Len(t, kills, 1)
		assert.Equal(t, "lost device", kills[0].Reason)
		clientDead.check(t, oauth, p.callTempPass(last, p.known))

		w.kill(t, "channel", "CH1")
		w.lift(t, "channel", "CH1")
		again := w.first().DCR("unrevoke", "channel", "CH1")
		assert.Equal(t, 1, again.Status)
		assert.Contains(t, again.Stderr, "channel CH1 is not revoked")
		thrown := w.kill(t, "channel", "CH1")
		assert.False(t, thrown.Already, "a switch that was put back is thrown anew")
	})
}

// Somebody else's statement or client can be killed before anybody has seen it.
func TestWhatIsNotOnRecordCanBeRevokedAllTheSame(t *testing.T) {
	t.Parallel()
	w := start(t, settings{})
	for kind, id := range map[string]string{"client": one, "statement": one, "issuer": "evil.example", "key": "theirs"} {
		r := w.kill(t, kind, id, "--allow-unknown")
		assert.Equal(t, id, r.Kill.ID)
		assert.Zero(t, r.Kill.ExpiresAt)
	}
}
