"""Files that schools really have, table by table: checked, then taken in whole or not at all."""
