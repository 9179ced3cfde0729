package device

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestADeviceIsTheSameHoweverItSpellsItself(t *testing.T) {
	header := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	const agent = "Dalvik/2.1.0"
	first, ok := Fingerprint(header(`{"model":"TV>","osName":"Tizen","displayWidth":1920}`), agent)
	assert.True(t, ok)
	for name, c := range map[string]struct {
		header, agent string
		same          bool
	}{
		"once more":                   {header(`{"model":"TV>","osName":"Tizen","displayWidth":1920}`), agent, true},
		"in another order, with room": {header(` { "osName" : "Tizen", "displayWidth":1920, "model":"TV\u003e"}`), agent, true},
		"in the URL alphabet":         {base64.RawURLEncoding.EncodeToString([]byte(`{"model":"TV>","osName":"Tizen","displayWidth":1920}`)), agent, true},
		"over another connection":     {header(`{"model":"TV>","osName":"Tizen","displayWidth":1920,"connectionIp":"192.0.2.1","connectionPort":4711,"connectionType":"wifi","connectionSecure":true}`), agent, true},
		"another model":               {header(`{"model":"TW","osName":"Tizen","displayWidth":1920}`), agent, false},
		"one member more":             {header(`{"model":"TV>","osName":"Tizen","displayWidth":1920,"x":1}`), agent, false},
		"another agent":               {header(`{"model":"TV>","osName":"Tizen","displayWidth":1920}`), agent + "x", false},
		"no header":                   {"", agent, false},
		"an unreadable header":        {"???", agent, false},
		"no object":                   {header(`null`), agent, false},
	} {
		got, ok := Fingerprint(c.header, c.agent)
		assert.True(t, ok, name)
		assert.Equal(t, c.same, got == first, name)
	}
	_, ok = Fingerprint(" ", "")
	assert.False(t, ok, "nothing tells nothing")

	broken, _ := Fingerprint("???", "")
	again, _ := Fingerprint("??? ", "")
	assert.Equal(t, broken, again, "an unreadable description is one, too")
	moved, _ := Fingerprint("", "???")
	assert.NotEqual(t, broken, moved)
}
