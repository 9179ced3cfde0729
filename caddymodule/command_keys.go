package caddymodule

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// keyUses says what each key is for, in words.
var keyUses = map[state.KeyUse]string{
	state.KeyForTokens:     "signs access tokens",
	state.KeyForStatements: "signs software statements",
	state.KeyForSecrets:    "hashes the secrets of clients",
}

func keysListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Lists the gateway's own keys, the newest of each use first", Args: arguments(),
		Example: "  caddy dcr keys list",
		RunE: action(func(c *call) error {
			var list management.KeyList
			if err := c.ask("GET", "/keys", nil, &list); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printKeys(w, list.Keys) })
			return nil
		}),
	}
}

func printKeys(w io.Writer, keys []management.Key) {
	rows := make([][]string, 0, len(keys))
	for _, k := range keys {
		rows = append(rows, []string{k.Use, k.ID, k.Algorithm, k.State, date(k.CreatedAt), date(k.DueAt), date(k.EndsAt)})
	}
	printTable(w, []column{{"USE", 9}, {"ID", 12}, {"ALG", 5}, {"STATE", 10}, {"CREATED", 10}, {"DUE", 10}, {"ENDS", 10}}, rows)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func keysShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show <id>", Short: "Shows one key; the beginning of its id is enough", Args: arguments("the key's id, or its beginning"),
		Example: "  caddy dcr keys show l0NkY9zC", ValidArgsFunction: completeKeys,
		RunE: action(func(c *call) error {
			var list management.KeyList
			if err := c.ask("GET", "/keys", nil, &list); err != nil {
				return err
			}
			found := slices.DeleteFunc(list.Keys, func(k management.Key) bool { return !strings.HasPrefix(k.ID, c.args[0]) })
			if len(found) != 1 {
				return failed(fmt.Sprintf("%d keys have an id that begins with %s", len(found), c.args[0]), "list them: "+c.again("keys list"))
			}
			if err := c.answerWith(found[0]); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printKey(w, found[0]) })
			return nil
		}),
	}
}

func printKey(w io.Writer, k management.Key) {
	where := "in no JWKS: it is secret"
	if k.Published {
		where = "in the JWKS"
	}
	stored := "in the clear"
	if k.Sealed {
		stored = "encrypted"
	}
	from := k.SignsFrom
	if k.State != string(keyring.Next) && !from.After(k.CreatedAt) {
		from = time.Time{}
	}
	printFields(w, [][2]string{
		{"Key", k.ID},
		{"Use", fmt.Sprintf("%s: %s", k.Use, keyUses[state.KeyUse(k.Use)])},
		{"Generation", fmt.Sprint(k.Generation)},
		{"Algorithm", k.Algorithm},
		{"State", k.State},
		{"Published", where},
		{"Stored", stored},
		{"Created", second(k.CreatedAt)},
		{"Used from", second(from)},
		{"Due", second(k.DueAt)},
		{"Ends", second(k.EndsAt)},
	}...)
}

func keysRotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate <use>", Short: "Makes a new key, which is published before it signs",
		Long: `
Makes a new key for access tokens (token), software statements (statement) or
the secrets of clients (secret). Every gateway hears of it at once; it is
published in the JWKS, and used some minutes later, when nobody can hold an
older set of keys any more. The key before stays for what it signed: that of
tokens until the last of them has expired, the others for good.

Nothing stops: to end what a key has signed, revoke the key.`,
		Example:           "  caddy dcr keys rotate token\n  caddy dcr keys rotate statement --in 24h",
		Args:              arguments("the use: token, statement or secret"),
		ValidArgsFunction: completeWords(usesOfKeys),
		RunE:              action(rotateOneKey),
	}
	cmd.Flags().Duration("in", 0, "How long it is published before it is used (default: as long as the gateway knows to be enough)")
	byFlag(cmd)
	return cmd
}

func rotateOneKey(c *call) error {
	if !slices.Contains(usesOfKeys(), c.args[0]) {
		return usage(fmt.Sprintf("got %q, want one of %s", c.args[0], strings.Join(usesOfKeys(), ", ")), "")
	}
	q := rotateRequest{KeyOrder: management.KeyOrder{Use: c.args[0]}, By: c.by()}
	if c.cmd.Flags().Changed("in") {
		ahead, _ := c.cmd.Flags().GetDuration("in")
		if ahead < 0 || ahead%time.Second != 0 {
			return usage(fmt.Sprintf("--in: got %s, want whole seconds, 0 or more", ahead), "")
		}
		seconds := int64(ahead / time.Second)
		q.InSeconds = &seconds
	}
	var rotation management.Rotation
	if err := c.ask("POST", "/keys", q, &rotation); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		printKey(w, rotation.Key)
		printNodes(w, rotation.Nodes)
	})
	return confirmed(rotation.Applied)
}
