# RATLS_BUILD_TIME, Unix seconds, for the one file that wants it. A clock that shows an earlier time
# cannot be right. SOURCE_DATE_EPOCH, which TIMESTAMP obeys too, makes the build reproducible; the
# time of the last commit comes near it.
find_package(Git QUIET)
if(GIT_FOUND AND NOT DEFINED ENV{SOURCE_DATE_EPOCH} AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} log -1 --format=%ct
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        OUTPUT_VARIABLE build_time OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT build_time)
    string(TIMESTAMP build_time %s UTC)
endif()
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/verify/build_time.c
    PROPERTIES COMPILE_DEFINITIONS RATLS_BUILD_TIME=${build_time})
