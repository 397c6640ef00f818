package pgtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// templatePrefix names the kept results of initdb. Raise the number when initdb's arguments change.
const templatePrefix = "erp-pgtemplate1-"

// manifestName is the file that says what a whole template holds. Cleaners of temporary directories take
// old files one by one; a template that lost some must not become a cluster that fails in odd ways.
const manifestName = "ERP_MANIFEST"

// prepareData fills the data directory: from the machine's template when there is a whole one, else by initdb, whose
// result it then leaves as the template. The template is only ever a short cut: any trouble with it means initdb.
func (c *cluster) prepareData(ctx context.Context, base string) error {
	template := filepath.Join(base, templatePrefix+c.install.version+"-"+c.user.id())
	if c.user.owns(template) {
		if err := c.copyTemplate(ctx, template); err == nil {
			return nil
		}
		if err := os.RemoveAll(c.data()); err != nil {
			return err
		}
		// Out of the way in one step; it goes with our directory.
		_ = os.Rename(template, filepath.Join(c.dir, "broken"))
	}
	err := c.run(ctx, "initdb", "--no-sync", "-D", c.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C")
	if err != nil {
		return err
	}
	_ = c.publish(ctx, template) // on failure there is no template, and the next start runs initdb again
	return nil
}

// copyTemplate copies and then compares with the manifest, so that a template which another process removes
// meanwhile is noticed too.
func (c *cluster) copyTemplate(ctx context.Context, template string) error {
	if err := c.run(ctx, "cp", "-Rp", template, c.data()); err != nil {
		return err
	}
	manifest := filepath.Join(c.data(), manifestName)
	want, err := os.ReadFile(manifest) // #nosec G304 -- our own directory
	if err != nil {
		return err
	}
	if err := os.Remove(manifest); err != nil {
		return err
	}
	got, err := measure(c.data())
	if err != nil {
		return err
	}
	if got != string(want) {
		return fmt.Errorf("template has %s, its manifest says %s", got, want)
	}
	return nil
}

// publish leaves a copy of a fresh data directory under the template's name, in one rename: two test processes may
// do so at the same time, and the second finds the name taken.
func (c *cluster) publish(ctx context.Context, template string) error {
	draft := filepath.Join(c.dir, "draft") // removed with it, should the rename fail
	manifest, err := measure(c.data())
	if err != nil {
		return err
	}
	if err := c.run(ctx, "cp", "-Rp", c.data(), draft); err != nil {
		return err
	}
	path := filepath.Join(draft, manifestName)
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		return err
	}
	if err := c.user.own(path); err != nil {
		return err
	}
	return os.Rename(draft, template)
}

// measure counts the files of a directory and their bytes.
func measure(dir string) (string, error) {
	var files, bytes int64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files++
		bytes += info.Size()
		return nil
	})
	return strconv.FormatInt(files, 10) + " files, " + strconv.FormatInt(bytes, 10) + " bytes", err
}
