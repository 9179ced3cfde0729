package fleet

import (
	"encoding/json"
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Revocation is what the command line says about a kill switch.
type Revocation struct {
	// Applied says that every gateway has applied it.
	Applied bool `json:"applied"`
	Nodes   []struct {
		Name    string `json:"name"`
		Applied bool   `json:"applied"`
	} `json:"nodes"`
}

// Revoke kills the client through the gateway's command line. An error says
// that the kill was not acknowledged.
func Revoke(gateway *harness.Gateway, clientID string) (Revocation, error) {
	result := gateway.DCR("revoke", "client", clientID, "--reason", "a test of kills", "--json")
	var r Revocation
	if err := json.Unmarshal([]byte(result.Stdout), &r); err != nil {
		return r, fmt.Errorf("revoking client %s: exit status %d: %s%s", clientID, result.Status, result.Stdout, result.Stderr)
	}
	return r, nil
}

// Kill is Revoke for a fleet that is well, which applies it everywhere before
// the call returns.
func Kill(gateway *harness.Gateway, clientID string) error {
	r, err := Revoke(gateway, clientID)
	if err == nil && !r.Applied {
		err = fmt.Errorf("client %s is not killed everywhere: %+v", clientID, r)
	}
	return err
}
