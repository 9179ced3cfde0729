package console

import (
	"net/http"
	"net/url"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// keysPage lists the gateway's own keys, by use.
type keysPage struct {
	Uses                 []keysOf
	CanRotate, CanRevoke bool
}

type keysOf struct {
	Use, Title, Text string
	Keys             []management.Key
}

var keyTexts = map[state.KeyUse]struct{ title, text string }{
	state.KeyForTokens:     {"Access tokens", "Signs what clients show to the protected APIs."},
	state.KeyForStatements: {"Software statements", "Signs what apps are shipped with."},
	state.KeyForSecrets:    {"Client secrets", "Hashes the secrets of clients. It signs nothing, and is not published."},
}

func listKeys(v *visit) error {
	list, err := v.Management.OwnKeys(v.who)
	if err != nil {
		return err
	}
	data := keysPage{CanRotate: v.ever(access.RotateKey), CanRevoke: v.ever(access.RevokeKey)}
	for _, use := range state.KeyUses {
		of := keysOf{Use: string(use), Title: keyTexts[use].title, Text: keyTexts[use].text}
		for _, k := range list.Keys {
			if k.Use == string(use) {
				of.Keys = append(of.Keys, k)
			}
		}
		data.Uses = append(data.Uses, of)
	}
	return v.show("keys", "Keys", data)
}

// keyStates are how the stages of a key's life are shown.
var keyStates = map[string]struct{ State, Text string }{
	string(keyring.Next):       {"draft", "Next"},
	string(keyring.Signs):      {"live", "In use"},
	string(keyring.Verifies):   {"quiet", "For what it signed"},
	string(keyring.Killed):     {"stopped", "Revoked"},
	string(keyring.Unreadable): {"stopped", "Unreadable here"},
}

// rotation asks whether a new key is really wanted.
type rotation struct {
	*form
	Use string
}

func askRotation(v *visit) error {
	return v.askRotationOf(http.StatusOK, newForm(url.Values{"use": {v.query("use")}}))
}

func (v *visit) askRotationOf(status int, f *form) error {
	use := f.Value("use")
	about, known := keyTexts[state.KeyUse(use)]
	if !known {
		return v.nothingHere()
	}
	return v.showStatus(status, "rotate", "New key: "+about.title, rotation{form: f, Use: use}, crumb{"Keys", "/keys"})
}

func rotateKey(v *visit) error {
	f := v.typed()
	_, err := v.Management.RotateKey(v.ctx(), v.call(), management.KeyOrder{Use: v.value("use")})
	if err == nil {
		return v.to("/keys", doneRotated)
	}
	return v.againOf(err, f, map[string]string{"use": ""}, nil, func(status int) error { return v.askRotationOf(status, f) })
}
