package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/moving"
)

// moveEvery is how often the gateway is asked how far it is.
const moveEvery = 250 * time.Millisecond

func storeMoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "move <new configuration>", Short: "Makes another store like the one in use, to go over to it by a reload",
		Long: `
Makes the store that another configuration file names like the one that the
running gateway works with: from embedded to Redis, back, or from one Redis to
another, while clients register and get tokens. When both are alike, reload
with the new configuration: the gateway goes over between two calls, and
nothing is lost. Until then nothing has changed, and 'caddy dcr store stop'
takes it back.

The new store must be empty, and no other gateway may work with the old one.`,
		Example: "  caddy dcr store move /etc/caddy/Caddyfile.new\n  caddy reload --config /etc/caddy/Caddyfile.new",
		Args:    arguments("the new configuration's file"), RunE: action(moveStore),
	}
	byFlag(cmd)
	return cmd
}

func storeStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Says how far the move to another store is", Args: arguments(),
		RunE: action(func(c *call) error {
			var move management.Move
			if err := c.ask("GET", "/store/move", nil, &move); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printMove(w, move) })
			return nil
		}),
	}
}

func storeStopCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stop", Short: "Stops the move to another store", Args: arguments(),
		RunE: action(func(c *call) error {
			var move management.Move
			if err := c.ask("DELETE", withQuery("/store/move", url.Values{"by": {c.by()}}), nil, &move); err != nil {
				return err
			}
			c.show(func(w io.Writer) {
				fmt.Fprintln(w, "the move was stopped; the other store is of no use now, so empty it")
			})
			return nil
		}),
	}
	byFlag(cmd)
	return cmd
}

func printMove(w io.Writer, move management.Move) {
	printFields(w, [2]string{"State", move.State}, [2]string{"Copied", number(move.Copied)}, [2]string{"Error", move.Error})
}

func moveStore(c *call) error {
	store, err := storeOf(c.args[0], c.text("adapter"))
	if err != nil {
		return err
	}
	var move management.Move
	if err := ofFile(c.ask("POST", "/store/move", moveRequest{Store: store, By: c.by()}, &move)); err != nil {
		return err
	}
	told := time.Now()
	for move.State == string(moving.Copying) {
		time.Sleep(moveEvery)
		if err := c.ask("GET", "/store/move", nil, &move); err != nil {
			return err
		}
		if time.Since(told) >= progressEvery {
			told = time.Now()
			c.note("copied %d records", move.Copied)
		}
	}
	if move.State != string(moving.Alike) {
		return failed(fmt.Sprintf("the move is %s: %s", move.State, move.Error), "the gateway goes on with the store that it has; empty the other one, and begin anew")
	}
	c.show(func(w io.Writer) { fmt.Fprintf(w, "both stores are alike, with %d records copied\n", move.Copied) })
	c.note("next: %s reload --config %s", c.cmd.Root().Name(), quote(c.args[0]))
	return nil
}

// storeOf reads what a configuration says of its store; nothing is the default.
func storeOf(file, adapter string) (json.RawMessage, error) {
	text, _, _, err := caddycmd.LoadConfig(file, adapter)
	if err != nil {
		return nil, failed("reading the new configuration: "+err.Error(), "")
	}
	var config struct {
		Apps struct {
			DCR *struct {
				Store json.RawMessage `json:"store"`
			} `json:"dcr"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(text, &config); err != nil || config.Apps.DCR == nil {
		return nil, failed(file+" has no dcr block", "name the configuration that the gateway is to be reloaded with")
	}
	return config.Apps.DCR.Store, nil
}
