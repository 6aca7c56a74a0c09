"""Bad input, bad disks, bad company: what issue and documentation promise about them, and which test would notice.

====================================================  ==========================================================
what gets it                                          where it is tested
====================================================  ==========================================================
a path outside the workspace                          test_odd.test_a_path_outside_the_workspace, test_a_link_out_*,
                                                      test_a_tracked_folder_that_became_a_link_out_of_the_workspace
an unreadable or vanishing file                       test_odd.test_a_file_that_may_not_be_read, test_what_is_not_there,
                                                      test_files_that_vanish_while_their_folder_is_added
a file that changes while it is added                 test_odd.test_a_file_that_changes_while_it_is_added
a truncated, encrypted or garbage Parquet file        test_odd.test_parquet_that_is_none_is_kept_as_bytes_and_said_so
3,000 columns, values of 60 MB                        test_odd.test_parquet_with_3000_columns, test_parquet_with_values_*
an empty file, a table without rows                   test_odd.test_empty_files_and_tables_without_rows
newline, emoji, 255 bytes; names that are no text     test_odd.test_names, test_names_that_are_no_text; test_a_pipe
a tracked path inside another                         test_odd.test_datasets_do_not_overlap
checkout over changes; `--force` and `undo`           test_odd.test_a_checkout_over_changes, test_untracked_files_in_the_way
`rm`, `drop` of bytes that are not stored             test_odd.test_rm_keeps_*, test_the_last_copy_of_dropped_bytes_*
a full disk, a limit on file sizes                    test_disk.test_a_full_disk, test_a_limit_on_the_size_of_files
a read-only store                                     test_disk.test_a_disk_that_is_read_only
a store of a newer format                             test_damage.test_a_store_of_a_newer_format_is_refused
an ambiguous id prefix                                test_odd.test_an_ambiguous_prefix
a flipped bit or truncation in packs and indexes      test_damage.test_fsck_names_damage_anywhere_*, test_what_is_in_
                                                      other_packs_stays_readable, test_every_index_may_go_*,
                                                      test_a_damaged_version_can_be_left_again
... in refs, oplog, stat cache                        test_damage.test_damage_of_refs_is_said, test_refs_that_are_gone_*,
                                                      test_damage_of_the_oplog_*, test_damage_of_the_stat_cache_*
`kill -9` at any moment                               test_kill (every kind of command, at each change of the disk),
                                                      test_odd.test_an_interrupted_checkout_is_no_change_of_the_user
the power fails: bytes and names that were not        test_power (`disk.py` says what may be lost)
synced are lost, in any order
every write, sync, rename, close ... that fails once  test_faults (EIO, ENOSPC and kill, in every kind of command)
random damage to any file of the store                test_flips
two processes at once; a crowd of eight               test_together; test_odd.test_a_busy_store_is_waited_for
hostile: paths that lead astray                       test_hostile.test_paths_of_datasets_*, test_names_in_folders_*,
                                                      test_a_path_that_passes_for_a_dataset_*, test_a_name_twice_*
hostile: a link out of the workspace                  test_hostile.test_a_dataset_inside_another_and_through_a_link,
                                                      test_a_link_where_a_dataset_goes_through
hostile: a decompression bomb                         test_hostile.test_a_decompression_bomb
hostile: a recipe that lies about its length          test_hostile.test_a_recipe_that_lies
hostile: sizes, nesting, pages, refs, indexes         test_hostile.test_a_checkpoint_that_lies_*, test_folders_without_end,
                                                      test_pages_without_end, test_refs_and_oplog_*, test_an_index_*
a detached HEAD, `dsv.lock`, git's branches           test_odd.test_a_commit_on_a_detached_head, test_a_lock_that_*,
                                                      test_the_branch_follows_git
====================================================  ==========================================================

Commands run in processes of their own, forked from a server that has imported everything
(`server.py`); `saboteur.py` kills them at their Nth change of the disk. DSV_KILL_POINTS=0
tries every one of these, DSV_FAULT_POINTS=0 every failure, DSV_POWER_POINTS=0 every cut (DSV_POWER_SEED decides
what is lost); DSV_FLIPS=2000 damages as many files, and
DSV_CROWD_SECONDS=120 has the crowd work for so long.
"""
