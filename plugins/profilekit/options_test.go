package profilekit

import (
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type target struct {
	scope  []string
	strict bool
}

func (o *target) options() []Option {
	return []Option{Values("scope", &o.scope), Switch("strict", &o.strict)}
}

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want target
		err  string
	}{
		"no block leaves the defaults":        {text: "demo", want: target{}},
		"an empty block leaves the defaults":  {text: "demo {\n}", want: target{}},
		"a value option takes several values": {text: "demo {\n scope a b\n}", want: target{scope: []string{"a", "b"}}},
		"a value option written twice adds":   {text: "demo {\n scope a\n scope b\n}", want: target{scope: []string{"a", "b"}}},
		"a switch is on when it is written":   {text: "demo {\n strict\n}", want: target{strict: true}},
		"the name may be another word":        {text: "dcr_guard {\n strict\n}", want: target{strict: true}},
		"a value option wants a value":        {text: "demo {\n scope\n}", err: "wrong argument count"},
		"a switch wants no value":             {text: "demo {\n strict yes\n}", err: "wrong argument count"},
		"an argument beside the name":         {text: "demo 127.0.0.1 {\n}", err: "wrong argument count"},
		"an unknown option is named with the known ones": {
			text: "demo {\n scop a\n}", err: `demo has no option "scop", known are: scope, strict`,
		},
		"an option is not found without regard to case": {text: "demo {\n Strict\n}", err: `no option "Strict"`},
		"an option with a block is refused":             {text: "demo {\n scope a {\n b\n }\n}", err: `option "scope" of demo takes no block`},
	} {
		t.Run(name, func(t *testing.T) {
			var got target
			err := Parse(caddyfile.NewTestDispenser(tt.text), "demo", got.options())
			if tt.err != "" {
				assert.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseTakesADispenserThatStandsAtTheName(t *testing.T) {
	d := caddyfile.NewTestDispenser("demo {\n strict\n}")
	require.True(t, d.Next())

	var got target
	require.NoError(t, Parse(d, "demo", got.options()))
	assert.True(t, got.strict)
}

func TestParseStopsAtTheEndOfItsBlock(t *testing.T) {
	d := caddyfile.NewTestDispenser("site {\n demo {\n  strict\n }\n after\n}")
	require.True(t, d.Next())
	require.True(t, d.NextBlock(0))

	var got target
	require.NoError(t, Parse(d, "demo", got.options()))
	assert.True(t, got.strict)
	require.True(t, d.NextBlock(0))
	assert.Equal(t, "after", d.Val())
}

func TestNamesAreSorted(t *testing.T) {
	assert.Equal(t, []string{"a", "b"}, Names([]Option{{Name: "b"}, {Name: "a"}}))
	assert.Empty(t, Names(nil))
}
